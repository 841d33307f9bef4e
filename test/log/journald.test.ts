// systemd's own journald, as a process in a mount namespace of its own.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { main } from '../cli/phaul.ts';

const script = fileURLToPath(new URL('journald.sh', import.meta.url));

const phaul = (...args: string[]): string[] => [process.execPath, main, ...args];

const journalled = (...args: string[]): Promise<Record<string, string>[]> => journalledBy(...phaul(...args));

/** What the journal has of phaul's after that command has run. */
async function journalledBy(...command: string[]): Promise<Record<string, string>[]> {
  const { stdout } = await promisify(execFile)('unshare', ['--mount', 'sh', script, ...command], {
    timeout: 170_000,
  });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, string>);
}

function config(t: ExecutionContext, text: string): string {
  const home = mkdtempSync('/tmp/phaul-log-');
  t.teardown(() => rmSync(home, { recursive: true, force: true }));
  writeFileSync(join(home, 'phaul.toml'), text);
  return join(home, 'phaul.toml');
}

test('a migration from this host is in the journal, with its id, container and code', async (t) => {
  const records = await journalled('migrate', 'no-such-container', 'localhost');
  const [first, last] = [records[0], records.at(-1)];
  t.regex(first?.['PHAUL_MIGRATION'] ?? '', /^[a-z0-9-]{8,64}$/);
  t.true(records.every((each) => each['PHAUL_MIGRATION'] === first?.['PHAUL_MIGRATION']));
  t.like(first, { PRIORITY: '6', PHAUL_CONTAINER: 'no-such-container', PHAUL_HOST: 'source' });
  t.like(last, { PRIORITY: '3', PHAUL_CODE: 'CONTAINER_UNKNOWN', PHAUL_ACT: 'preflight' });
  t.regex(last?.['MESSAGE'] ?? '', /^no-such-container: CONTAINER_UNKNOWN: /);
});

test('the level counts, wherever it is set', async (t) => {
  const migrate = ['migrate', 'no-such-container', 'localhost'];
  const path = config(t, '[log]\nlevel = "error"\n');
  const [typed, set, both] = await Promise.all([
    journalled(...migrate, '--log-level', 'error'),
    journalled(...migrate, '--config', path),
    journalled(...migrate, '--config', path, '--log-level', 'debug'),
  ]);
  t.deepEqual(
    typed.map(({ PRIORITY }) => PRIORITY),
    ['3'],
  );
  t.deepEqual(
    set.map(({ PRIORITY }) => PRIORITY),
    ['3'],
  );
  t.true(both.some(({ PRIORITY }) => PRIORITY === '7'));
});

test('what only looks is not in the journal', async (t) => {
  t.deepEqual(await journalled('check', 'no-such-container', 'localhost'), []);
  t.deepEqual(await journalled('migrate', '--dry-run', 'no-such-container', 'localhost'), []);
});

test('where systemd has connected stderr to the journal nothing comes twice', async (t) => {
  // systemd says of a service which file that is; systemd-cat of Debian 12 does not.
  const asService = 'JOURNAL_STREAM=$(stat --dereference --format %d:%i /proc/self/fd/2) exec "$@"';
  const cat = ['systemd-cat', '--identifier=phaul', 'sh', '-c', asService, 'sh'];
  const migrate = phaul('migrate', 'no-such-container', 'localhost', '--log-format', 'text');
  const records = await journalledBy(...cat, ...migrate);
  t.true(records.length > 1);
  t.deepEqual([...new Set(records.map(({ _TRANSPORT }) => _TRANSPORT))], ['journal']);
});
