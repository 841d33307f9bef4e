import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { LogRecord } from '../../src/log/record.ts';
import { wholeRun } from '../observe/whole-run.ts';
import { phaul } from './phaul.ts';

const migrate = ['migrate', 'no-such-container', 'localhost'];

function records(stderr: string): LogRecord[] {
  return stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as LogRecord);
}

function config(t: ExecutionContext, text: string): string {
  const home = mkdtempSync('/tmp/phaul-log-');
  t.teardown(() => rmSync(home, { recursive: true, force: true }));
  writeFileSync(join(home, 'phaul.toml'), text);
  return join(home, 'phaul.toml');
}

test('--log-format json: stderr is records and nothing else, and stdout is left to --json', async (t) => {
  const { code, stdout, stderr } = await phaul(...migrate, '--log-format', 'json', '--json');
  t.is(code, 3);
  const [first] = wholeRun(stdout);
  const all = records(stderr);
  t.true(all.every(({ migration }) => migration === first?.migration));
  t.like(all.at(-1), {
    level: 'error',
    container: 'no-such-container',
    host: 'source',
    act: 'preflight',
    code: 'CONTAINER_UNKNOWN',
  });
});

test('without --json a log is all that there is', async (t) => {
  const { stdout, stderr } = await phaul(...migrate, '--log-format', 'text', '--quiet');
  t.is(stdout, '');
  t.regex(
    stderr,
    /^\d{4}-\S+Z error [a-z0-9-]+ no-such-container source preflight: CONTAINER_UNKNOWN: [^\n]+\n$/,
  );
});

test('the configuration file can ask for it, and the command line wins', async (t) => {
  const path = config(t, '[log]\nformat = "json"\nlevel = "error"\n');
  const [set, typed] = await Promise.all([
    phaul(...migrate, '--config', path),
    phaul(...migrate, '--config', path, '--log-level', 'debug'),
  ]);
  t.deepEqual(
    records(set.stderr).map(({ level }) => level),
    ['error'],
  );
  t.true(records(typed.stderr).some(({ level }) => level === 'debug'));
});

test('a command line that is wrong is a record too, if it says so', async (t) => {
  const { code, stderr } = await phaul(...migrate, '--turbo', '--log-format', 'json');
  t.is(code, 2);
  t.like(records(stderr), [{ level: 'error', code: 'USAGE' }]);
});
