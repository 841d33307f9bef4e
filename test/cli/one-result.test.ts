// With --json there is exactly one result on stdout, and nothing else behind it, whatever happens.
import test from 'ava';
import { version } from '../../src/version.ts';
import { wholeRun } from '../observe/whole-run.ts';
import { phaul, phaulAfter } from './phaul.ts';

for (const args of [
  ['migrate', '--json', '--help'],
  ['--help', '--json'],
  ['ps', '--json', '--help'],
])
  test(`${args.join(' ')}: the help is in the result`, async (t) => {
    const { code, stdout, stderr } = await phaul(...args);
    t.deepEqual([code, stderr], [0, '']);
    const [result, ...more] = wholeRun(stdout);
    t.deepEqual(more, []);
    const people = await phaul(...args.filter((arg) => arg !== '--json'));
    t.like(result, { type: 'result', ok: true, text: people.stdout.trimEnd() });
    t.regex(people.stdout, /^phaul /);
  });

test('migrate --json --version: the version is in the result', async (t) => {
  const { code, stdout } = await phaul('migrate', '--json', '--version');
  t.is(code, 0);
  t.like(wholeRun(stdout)[0], { ok: true, text: version });
});

for (const args of [['--json'], ['mirgate', '--json'], ['migrate', '--json'], ['check', '--json', '--turbo']])
  test(`${args.join(' ')}: wrong usage is a result`, async (t) => {
    const { code, stdout, stderr } = await phaul(...args);
    t.is(code, 2);
    t.like(wholeRun(stdout), { length: 1, 0: { ok: false, error: { code: 'USAGE', exitCode: 2 } } });
    t.regex(stderr, /^USAGE: /);
  });

// Root is asked for when a migration begins.
const throwsLater = `const own = process.getuid;
process.getuid = () => { setImmediate(() => { throw new TypeError('boom'); }); return own(); };`;

test('an error that nobody catches in a migration is its result', async (t) => {
  const { code, stdout, stderr } = await phaulAfter(throwsLater, 'migrate', '--json', 'ct-nobody', 'b');
  t.is(code, 1);
  t.like(wholeRun(stdout).at(-1), { ok: false, error: { code: 'INTERNAL', exitCode: 1 } });
  t.regex(stderr, /phaul itself failed \(boom\)\./);
  t.notRegex(stderr, /^ {4}at /m);
});

const throwsAtOnce = `const own = process.on;
process.on = function (name, ...rest) {
  if (name === 'SIGINT') setImmediate(() => { throw new TypeError('boom'); });
  return own.call(this, name, ...rest);
};`;

test('so it is if the migration has not begun', async (t) => {
  const { code, stdout } = await phaulAfter(throwsAtOnce, 'migrate', '--json', 'ct-nobody', 'b');
  t.is(code, 1);
  t.like(wholeRun(stdout).at(-1), { ok: false, error: { code: 'INTERNAL' } });
});

const neverReads = `import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
fs.readdir = () => new Promise(() => {});
syncBuiltinESMExports();`;

test('a command that would never end says so', async (t) => {
  const { code, stdout, stderr } = await phaulAfter(neverReads, 'ps', '--json');
  t.is(code, 1);
  t.like(wholeRun(stdout), {
    length: 1,
    0: { ok: false, error: { code: 'INTERNAL', sourceState: 'unknown' } },
  });
  t.regex(stderr, /^INTERNAL: phaul itself failed \(there is nothing left to wait for\)\.$/m);
});

for (const command of ['ps', 'status'])
  test(`${command} --json: what went wrong before takes the place of its object`, async (t) => {
    const { code, stdout, stderr } = await phaulAfter(throwsLater, command, '--json');
    t.is(code, 1);
    t.like(wholeRun(stdout), { length: 1, 0: { ok: false, error: { code: 'INTERNAL' } } });
    t.regex(stderr, /phaul itself failed \(boom\)\./);
  });
