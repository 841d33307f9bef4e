import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { copyFileSync, existsSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import test from 'ava';
import { toMigrateOptions } from '../../src/cli/arguments.ts';
import { checkOptions, migrateOptions } from '../../src/cli/options.ts';
import { runProgram } from '../../src/cli/program.ts';
import type { Row } from '../../src/cli/ps-rows.ts';
import { beginHistory } from '../../src/history/begin.ts';
import { historyDirectory } from '../../src/history/places.ts';
import { createJournal } from '../../src/journal/journal.ts';
import { version } from '../../src/version.ts';
import { about, home, killedPhaul } from '../journal/journals.ts';
import { projectDirectory } from '../lab/paths.ts';
import { wholeRun } from '../observe/whole-run.ts';
import { main, phaul } from './phaul.ts';

const wrong = test.macro({
  exec: async (t, args: string[], said: RegExp) => {
    const error = await t.throwsAsync(async () => runProgram(args));
    t.regex(error?.message ?? '', said);
  },
  title: (what) => `${what} is refused before anything is done`,
});
test('no command', wrong, [], /Which command/);
test('an unknown command', wrong, ['mirgate'], /migrate/);
test('an unknown option', wrong, ['migrate', 'ct101', 'b', '--turbo'], /turbo/);
test('a container without a destination', wrong, ['migrate', 'ct101'], /Not enough/);
test('one argument too many', wrong, ['migrate', 'ct101', 'b', 'c'], /c/);
test('a mode that does not exist', wrong, ['migrate', 'ct101', 'b', '--mode', 'magic'], /magic/);
test('a time limit of nothing', wrong, ['migrate', 'ct101', 'b', '--timeout', '0'], /--timeout/);
test('a negative time limit', wrong, ['migrate', 'ct101', 'b', '--timeout=-1'], /--timeout/);
test('a time limit that is no number', wrong, ['migrate', 'ct101', 'b', '--timeout', 'soon'], /--timeout/);
test('a time limit beyond any timer', wrong, ['migrate', 'ct101', 'b', '--timeout', '3000000'], /--timeout/);
test('an endless time limit', wrong, ['migrate', 'ct101', 'b', '--timeout', 'Infinity'], /--timeout/);
test('half an iteration', wrong, ['migrate', 'ct101', 'b', '--max-iterations', '0.5'], /--max-iterations/);
test('minus one iteration', wrong, ['migrate', 'ct101', 'b', '--max-iterations=-1'], /--max-iterations/);
for (const limit of ['-1', 'soon', 'Infinity', '1000001'])
  test(
    `${limit} seconds to stop in`,
    wrong,
    ['migrate', 'ct101', 'b', `--stop-timeout=${limit}`],
    /--stop-timeout/,
  );
test('negative growth', wrong, ['migrate', 'ct101', 'b', '--max-growth=-1'], /--max-growth/);
test('growth that is no number', wrong, ['migrate', 'ct101', 'b', '--max-growth', 'some'], /--max-growth/);
for (const amount of ['-1', '1T', 'M', '1,5M', '0x10', '1M1', ''])
  test(
    `${JSON.stringify(amount)} as enough`,
    wrong,
    ['migrate', 'ct101', 'b', `--enough=${amount}`],
    /--enough is a number of bytes/,
  );
test('a relative directory', wrong, ['migrate', '7', 'b', '--pid-root', 'srv'], /--pid-root/);
test('a directory that climbs', wrong, ['migrate', '7', 'b', '--pid-root', '/srv/../etc'], /--pid-root/);
test('the root of everything', wrong, ['migrate', '7', 'b', '--pid-root', '/'], /--pid-root/);
test('a relative pid file', wrong, ['migrate', '7', 'b', '--dst-rpid', 'x.pid'], /--dst-rpid/);
test('images kept in memory', wrong, ['migrate', '7', 'b', '--keep-images'], /--img-path/);
test('a service without a way to talk', wrong, ['service'], /--stdio/);
test('quiet and verbose at once', wrong, ['check', '-q', '-v'], /--quiet and --verbose/);
test('a log file that cannot be written', wrong, ['check', '--log-file', '/nonexistent/x'], /--log-file/);

test('an option given twice counts as given last', async (t) => {
  const parsed = await parse('--timeout', '5', '--timeout', '7');
  t.is(parsed.timeout, 7);
});

async function parse(...args: string[]): Promise<ReturnType<typeof toMigrateOptions>> {
  const { default: yargs } = await import('yargs');
  const parsed = await yargs(args)
    .options(migrateOptions)
    .parserConfiguration({ 'duplicate-arguments-array': false })
    .parseAsync();
  return toMigrateOptions('ct101', 'hostb', parsed);
}

test('without options everything is as documented', async (t) => {
  t.like(await parse(), {
    mode: 'live',
    tcp: true,
    start: true,
    preDump: undefined,
    maxIterations: 8,
    maxGrowth: 0.1,
    enough: 2 ** 20,
    stopTimeout: 10,
    fs: undefined,
    timeout: 120,
    criuPath: 'criu',
    acceptNewHostKey: false,
    skipCpuCheck: false,
  });
});

test("P.Haul's options are understood", async (t) => {
  const args = [
    '--no-tcp',
    '--no-pre-dump',
    '--no-start',
    '-j',
    '--dst-id',
    'ct102',
    '--max-iterations',
    '0',
  ];
  const expected = {
    tcp: false,
    preDump: false,
    start: false,
    shellJob: true,
    targetId: 'ct102',
    maxIterations: 0,
  };
  t.like(await parse(...args), expected);
  t.is((await parse('--pre-dump')).preDump, true);
});

test("revive mode's options are understood", async (t) => {
  const args = ['--mode', 'revive', '--stop-timeout', '0', '--max-growth', '25', '--enough', '1.5k'];
  t.like(await parse(...args), { mode: 'revive', stopTimeout: 0, maxGrowth: 0.25, enough: 1536 });
  for (const [written, enough] of [
    ['0', 0],
    ['4096', 4096],
    ['64K', 65_536],
    ['2G', 2 ** 31],
  ] as const)
    t.is((await parse('--enough', written)).enough, enough, written);
});

test('a directory may be written as the shell completes it', async (t) => {
  const args = ['--pid-root', '/srv/job/', '--img-path', '/var//tmp/', '--dst-rpid', '/run/./job.pid'];
  t.like(await parse(...args), { pidRoot: '/srv/job', imagePath: '/var/tmp', targetPidFile: '/run/job.pid' });
});

test('every option says what it is for', (t) => {
  for (const [name, option] of Object.entries({ ...migrateOptions, ...checkOptions }))
    t.regex(option.describe, /^\S.{10,}/, name);
});

for (const command of ['migrate', 'check', 'drivers', 'recover', 'config', 'service'])
  test(`the help of ${command} has examples that can be parsed`, async (t) => {
    const { code, stdout } = await phaul(command, '--help');
    t.is(code, 0);
    t.regex(stdout, new RegExp(`Examples:\\s+(phaul|ssh hostb phaul) ${command}`));
  });

test('the version is that of the package', async (t) => {
  const manifest = JSON.parse(readFileSync(join(projectDirectory, 'package.json'), 'utf8')) as {
    version: string;
  };
  t.is(version, manifest.version);
  t.deepEqual(await phaul('--version'), { code: 0, stdout: `${version}\n`, stderr: '' });
});

test('wrong usage is said on stderr, with a hint and exit code 2', async (t) => {
  const { code, stdout, stderr } = await phaul('migrate', 'ct101');
  t.is(code, 2);
  t.is(stdout, '');
  t.regex(stderr, /^USAGE: .*\n {2}See phaul --help\.\n$/);
});

test('with --json it is the one result object on stdout', async (t) => {
  const { code, stdout } = await phaul('migrate', 'ct101', 'b', '--json', '--timeout', '0');
  t.is(code, 2);
  const [result, ...more] = wholeRun(stdout);
  t.like(result, { act: null, ok: false, error: { code: 'USAGE', sourceState: 'running', exitCode: 2 } });
  t.deepEqual(more, []);
});

test('a reader that goes away ends nothing', async (t) => {
  const command = `"$0" --import tsx "$1" check ct-nobody --json | true; echo "\${PIPESTATUS[0]}"`;
  const { stdout, stderr } = await promisify(execFile)('bash', ['-c', command, process.execPath, main]);
  t.is(stdout, '3\n', 'the exit code is that of the check');
  t.regex(stderr, /^CONTAINER_UNKNOWN: /m);
});

const refused = test.macro({
  exec: async (t, [command = '', ...args]: string[], exit: number, errorCode: string) => {
    const { code, stdout } = await phaul(command, '--json', ...args);
    t.is(code, exit);
    t.like(wholeRun(stdout).at(-1), { ok: false, error: { code: errorCode, exitCode: exit } });
  },
  title: (what) => what ?? '',
});
test('an unknown container is exit code 3', refused, ['check', 'ct-nobody'], 3, 'CONTAINER_UNKNOWN');
test('an impossible name is exit code 2', refused, ['check', '../../etc'], 2, 'CONTAINER_NAME');
test(
  'a host without CRIU is exit code 3',
  refused,
  ['check', '--criu-path', '/nonexistent/criu'],
  3,
  'CRIU_MISSING',
);
test(
  'a process tree in revive mode is exit code 3',
  refused,
  ['check', '--mode', 'revive', String(process.pid)],
  3,
  'MODE_UNSUPPORTED',
);
test('revive mode asks for no CRIU', async (t) => {
  const { code, stdout } = await phaul(
    'check',
    '--mode',
    'revive',
    '--criu-path',
    '/nonexistent/criu',
    '--json',
  );
  t.is(code, 0);
  t.like(JSON.parse(stdout), { ok: true, here: { criu: null, preDump: false, container: null } });
});
test(
  'an option of ssh as destination is exit code 2',
  refused,
  ['migrate', 'x', '--', '-oProxyCommand=id'],
  2,
  'USAGE',
);

test('drivers lists what is built in, for people and for programs', async (t) => {
  const [people, programs] = await Promise.all([phaul('drivers'), phaul('drivers', '--json')]);
  const { drivers } = JSON.parse(programs.stdout) as { drivers: { kind: string; name: string }[] };
  t.deepEqual(drivers.map(({ name }) => name).sort(), [
    'btrfs',
    'crun',
    'external',
    'lxc',
    'network',
    'pid',
    'podman',
    'podman-image',
    'rsync',
    'runc',
    'shared',
  ]);
  for (const { kind, name } of drivers) t.regex(people.stdout, new RegExp(`^${kind} +${name} `, 'm'));
});

test('recover undoes what a phaul that was killed has left', async (t) => {
  const at = home(t);
  const former = await killedPhaul(t, `journal.will('undone', 'mkdir', ['-p', '${join(at, 'undone')}']);`);
  t.deepEqual(await phaul('recover', former.migration), { code: 0, stdout: '', stderr: '' });
  // Another test's phaul may have begun with it.
  for (let i = 0; i < 5000 && former.known(); i++) await sleep(20);
  t.deepEqual([former.known(), existsSync(join(at, 'undone'))], [false, true]);
});

test('recover with a host said to be dead states the danger, and does it when that is accepted', async (t) => {
  const at = home(t);
  const deeds = `journal.will('undone', 'mkdir', ['-p', '${join(at, 'undone')}']); await journal.record('handed');`;
  const { migration, known } = await killedPhaul(t, deeds);
  const shown = await phaul('status', '--json');
  const { migrations } = JSON.parse(shown.stdout) as { migrations: { migration: string; state: string }[] };
  t.like(
    migrations.find((story) => story.migration === migration),
    { state: 'handed' },
  );
  const refused = await phaul('recover', migration, '--target-is-dead');
  t.is(refused.code, 2);
  t.regex(refused.stderr, /there are two of it[\s\S]*Say --yes/);
  t.true(known());
  t.like(await phaul('recover', migration, '--target-is-dead', '--yes'), { code: 0 });
  t.deepEqual([known(), existsSync(join(at, 'undone'))], [false, true]);
});

for (const args of [
  ['--target-is-dead'],
  ['x', '--target-is-dead', '--source-is-dead'],
  ['00000000', '--target-is-dead', '--yes'],
])
  test(`recover ${args.join(' ')} is wrong usage`, async (t) => {
    t.is((await phaul('recover', ...args)).code, 2);
  });

/** A hundred histories are kept, and the other tests begin as many while a test waits for its turn: this one stays. */
function keep(directory: string): void {
  const later = new Date(Date.now() + 3_600_000);
  utimesSync(directory, later, later);
}

test('what is over, and what is under way, is listed', async (t) => {
  const [over, underWay] = [randomUUID(), randomUUID()];
  beginHistory(over, 'target');
  t.teardown(() => rmSync(historyDirectory(over, 'target'), { recursive: true, force: true }));
  const journal = await createJournal(about(over, 'target'));
  await journal.record('landed');
  journal.remove();
  keep(historyDirectory(over, 'target'));
  const other = await createJournal(about(underWay));
  t.teardown(other.remove);
  const { code, stdout } = await phaul('ps', '--json');
  t.is(code, 0);
  const { migrations } = JSON.parse(stdout) as { migrations: Row[] };
  const states = [over, underWay].map((id) => migrations.find(({ migration }) => migration === id)?.state);
  t.deepEqual(states, ['moved', 'running']);
});

test('--report makes a page of a failure, too', async (t) => {
  const path = join(home(t), 'report.html');
  const { code } = await phaul('migrate', 'ct-nobody', 'hostb', '--report', path);
  t.is(code, 3);
  t.regex(
    readFileSync(path, 'utf8'),
    /^<!doctype html>[^]*It did not work: CONTAINER_UNKNOWN[^]*<\/html>\n$/,
  );
  t.is((await phaul('migrate', 'ct-nobody', 'hostb', '--report', '/dev/null/x')).code, 2);
});

test('what is kept of a migration becomes a page', async (t) => {
  const migration = randomUUID();
  const directory = historyDirectory(migration, 'source');
  beginHistory(migration, 'source');
  t.teardown(() => rmSync(directory, { recursive: true }));
  const journal = await createJournal(about(migration));
  await journal.record('landed');
  journal.remove();
  copyFileSync(join(projectDirectory, 'test/observe/runs/live.jsonl'), join(directory, 'events.jsonl'));
  keep(directory);
  const path = join(home(t), 'report.html');
  t.is((await phaul('report', migration, path)).code, 0);
  t.regex(readFileSync(path, 'utf8'), /It worked\./);
  t.is((await phaul('report', `box-${migration}`)).stdout, readFileSync(path, 'utf8'));
  t.is((await phaul('report', 'nobody-knows')).code, 3);
});

test('what nobody knows cannot be cancelled', async (t) => {
  const { code, stderr } = await phaul('cancel', 'nobody-knows');
  t.is(code, 3);
  t.regex(
    stderr,
    /^MIGRATION_UNKNOWN: No migration of that id or container is under way here: nobody-knows\.\n/,
  );
});
