import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { plainTarPath, plainTarSuits } from '../../src/criu/plain-tar.ts';

// As CRIU says it (criu/filesystems.c).
const pack = ['--create', '--gzip', '--no-unquote', '--no-wildcards', '--one-file-system', '--check-links'];
const packMore = ['--preserve-permissions', '--sparse', '--numeric-owner', '--directory'];
const unpack = ['--extract', '--gzip', '--no-unquote', '--no-wildcards', '--directory'];

const plain = { PATH: plainTarPath() };
const usual = { PATH: process.env['PATH'] };

test('what CRIU packs is not compressed, and neither form passes for the other', (t) => {
  const place = mkdtempSync('/tmp/phaul-tar-');
  t.teardown(() => rmSync(place, { recursive: true }));
  const [from, to] = [join(place, 'it’s * "from"'), join(place, 'to')];
  mkdirSync(from);
  writeFileSync(join(from, 'file'), 'said');
  const packed = (env: NodeJS.ProcessEnv): Buffer =>
    execFileSync('tar', [...pack, ...packMore, from, '.'], { env });
  const unpacked = (input: Buffer, env: NodeJS.ProcessEnv): number | null => {
    rmSync(to, { recursive: true, force: true });
    mkdirSync(to);
    return spawnSync('tar', [...unpack, to], { input, env }).status;
  };
  t.true(packed(plain).includes('said') && !packed(usual).includes('said'));
  t.is(unpacked(packed(plain), plain), 0);
  t.is(readFileSync(join(to, 'file'), 'utf8'), 'said');
  t.is(unpacked(packed(plain), usual), 2);
  t.is(unpacked(packed(usual), plain), 2);
});

test('what else tar is asked it is asked unchanged', (t) => {
  t.deepEqual(execFileSync('tar', ['--version'], { env: plain }), execFileSync('tar', ['--version']));
});

test('it suits who is in the user namespace that phaul is in', async (t) => {
  t.true(await plainTarSuits(process.pid));
  const other = spawn('unshare', ['--user', 'sh', '-c', 'echo there; exec sleep 100']);
  t.teardown(() => other.kill('SIGKILL'));
  await once(other.stdout, 'data');
  t.false(await plainTarSuits(other.pid ?? 0));
});
