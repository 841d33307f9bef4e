import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { parse } from 'smol-toml';
import { inForce } from '../../src/cli/in-force.ts';
import { runProgram } from '../../src/cli/program.ts';
import { fileOptions, migrateOptions } from '../../src/cli/options.ts';
import { configArguments, useConfig } from '../../src/config.ts';
import { wholeRun } from '../observe/whole-run.ts';
import { phaul } from './phaul.ts';

function file(t: ExecutionContext, text: string): string {
  const home = mkdtempSync('/tmp/phaul-config-');
  t.teardown(() => rmSync(home, { recursive: true, force: true }));
  const path = join(home, 'phaul.toml');
  writeFileSync(path, text);
  return path;
}

test('the command line wins over the file, and the file over the default', async (t) => {
  const path = file(t, '[migrate]\nmode = "revive"\ncriu-path = "/nonexistent/criu"\n');
  const [asInFile, asTyped] = await Promise.all([
    phaul('check', '--config', path, '--json'),
    phaul('check', '--config', path, '--json', '--mode', 'live'),
  ]);
  t.is(asInFile.code, 0, 'revive mode needs no CRIU');
  t.like(wholeRun(asTyped.stdout).at(-1), { ok: false, error: { code: 'CRIU_MISSING' } });
});

test.serial('a switch that the file sets is taken back by --no-…', async (t) => {
  useConfig(file(t, '[migrate]\nkeep-images = true\nimg-path = "/var/tmp"\ntcp = false\n'));
  const typed = { 'keep-images': false, tcp: true };
  t.like(await inForce(migrateOptions, {}), { keepImages: true, imgPath: '/var/tmp', tcp: false });
  t.like(await inForce(migrateOptions, typed), { keepImages: false, imgPath: '/var/tmp', tcp: true });
});

const invalid = test.macro({
  exec: async (t, text: string, said: string) => {
    const path = file(t, text);
    for (const args of [
      ['migrate', 'ct101', 'hostb'],
      ['config', 'check'],
    ]) {
      const parsing = async (): Promise<unknown> => runProgram([...args, '--config', path]);
      await t.throwsAsync(parsing, { code: 'CONFIG_INVALID', message: `${path}: ${said}` });
    }
  },
  title: (what) => `${what} is refused, with its place`,
});
test.serial(
  'a key that does not exist',
  invalid,
  '[migrate]\ntime-out = 60\n',
  'migrate: Unrecognized key: "time-out"; did you mean "timeout"?',
);
test.serial(
  'a table that does not exist',
  invalid,
  '[migration]\ntimeout = 60\n',
  'Unrecognized key: "migration"; did you mean "migrate"?',
);
test.serial(
  'a value of the wrong kind',
  invalid,
  '[migrate]\ntimeout = "60"\n',
  'migrate.timeout: Invalid input: expected number, received string.',
);
test.serial(
  'a value that does not exist',
  invalid,
  '[migrate]\nmode = "magic"\n',
  'migrate.mode: Invalid option: expected one of "live"|"revive".',
);
test.serial(
  'a value that the command line refuses',
  invalid,
  '[migrate]\ntimeout = 0\n',
  'migrate.timeout is a number of seconds, more than 0 and at most 1000000.',
);
test.serial(
  'an amount that is none',
  invalid,
  '[migrate]\nbwlimit = "fast"\n',
  'migrate.bwlimit is a number of bytes, or one with K, M or G.',
);
test.serial(
  'images that nobody could keep',
  invalid,
  '[migrate]\nkeep-images = true\n',
  'migrate.keep-images goes with migrate.img-path: a tmpfs does not outlast the migration.',
);
test.serial(
  'what is about one call',
  invalid,
  '[migrate]\nforce = true\n',
  'migrate.force: is about one call, and can only be said on its command line.',
);

test.serial(
  'what all of phaul logs',
  invalid,
  '[migrate]\nlog-level = "debug"\n',
  'migrate.log-level: belongs into the table [log], without the word log.',
);
test.serial(
  'a level that does not exist',
  invalid,
  '[log]\nlevel = "loud"\n',
  'log.level: Invalid option: expected one of "error"|"warn"|"info"|"debug".',
);

test('with --json a wrong file is the result of a migration, and people read it too', async (t) => {
  const path = file(t, '[migrate]\ntimeout = 0\n');
  const { code, stdout, stderr } = await phaul('migrate', 'ct101', 'hostb', '--json', '--config', path);
  t.is(code, 3);
  t.like(wholeRun(stdout), [
    {
      ok: false,
      error: { code: 'CONFIG_INVALID', act: 'preflight', host: 'source', sourceState: 'running' },
    },
  ]);
  t.regex(stderr, /^CONFIG_INVALID: .*\nThe container runs on the source as before\.\n$/s);
});

test.serial('a file that is named has to exist', async (t) => {
  for (const args of [['check'], ['drivers'], ['config', 'show']])
    await t.throwsAsync(async () => runProgram([...args, '--config', '/nonexistent/phaul.toml']), {
      code: 'CONFIG_INVALID',
      message: '/nonexistent/phaul.toml: does not exist.',
    });
});

test.serial('whoever goes on with a migration reads the same file, wherever it stands', (t) => {
  useConfig('phaul.toml');
  t.deepEqual(configArguments(), ['--config', join(process.cwd(), 'phaul.toml')]);
});

test('config show is a file that says the same, with where each value comes from', async (t) => {
  const path = file(
    t,
    '[migrate]\ntimeout = 60\nbwlimit = "10M"\n[drivers]\nhtype = ["box"]\n[devices.gpu]\ncommand = "/x"\n',
  );
  const { code, stdout } = await phaul('config', 'show', '--config', path);
  t.is(code, 0);
  t.like(parse(stdout), {
    migrate: { timeout: 60, bwlimit: '10M', mode: 'live', tcp: true },
    drivers: { htype: ['box'], directory: '/usr/local/lib/phaul' },
    devices: { gpu: { command: '/x', 'time-limit': 30 } },
  });
  t.regex(stdout, /^timeout = 60 +# file$/m);
  t.regex(stdout, /^mode = "live" +# default$/m);
  t.regex(stdout, /^# type is not set$/m);
  t.is((await phaul('config', 'check', '--config', file(t, stdout))).code, 0);
});

test('config show --json has every option that a file can set, and where each value comes from', async (t) => {
  const path = file(t, '[migrate]\ntimeout = 120\n[devices.gpu]\ncommand = "/x"\n');
  const { stdout } = await phaul('config', 'show', '--json', '--config', path);
  const shown = JSON.parse(stdout) as {
    file: string;
    exists: boolean;
    values: { table: string; key: string }[];
  };
  t.like(shown, { file: path, exists: true });
  const one = (table: string, key: string) =>
    shown.values.find((each) => each.table === table && each.key === key);
  t.like(one('migrate', 'timeout'), { value: 120, origin: 'file' });
  t.like(one('migrate', 'type'), { value: null, origin: 'default' });
  t.like(one('devices.gpu', 'command'), { value: '/x', origin: 'file' });
  t.like(one('devices.gpu', 'time-limit'), { value: 30, origin: 'default' });
  const options = shown.values.flatMap(({ table, key }) => (table === 'migrate' ? [key] : []));
  t.deepEqual(options, Object.keys(fileOptions));
  t.true(options.length >= Object.keys(migrateOptions).length - 11);
  t.like(one('log', 'level'), { value: 'info', origin: 'default' });
  t.like(one('log', 'format'), { value: null, origin: 'default' });
});
