import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { borrowedDirectory, removeDumpRemains } from '../../src/criu/remains.ts';

test("what a dump left among the container's files goes, and nothing else", async (t) => {
  const root = mkdtempSync('/tmp/phaul-remains-');
  t.teardown(() => rmSync(root, { recursive: true }));
  for (const name of ['cr-tmpfs.aB3_xZ', 'tmp/cr-tmpfs.qthalR', 'tmp/cr-tmpfs.longer-than-that', 'tmp/mine'])
    mkdirSync(join(root, name), { recursive: true });
  mkdirSync(join(root, 'tmp/cr-tmpfs.full00'));
  writeFileSync(join(root, 'tmp/cr-tmpfs.full00/file'), '');
  await removeDumpRemains(root);
  t.deepEqual(readdirSync(root), ['tmp']);
  t.deepEqual(readdirSync(join(root, 'tmp')).sort(), [
    'cr-tmpfs.full00',
    'cr-tmpfs.longer-than-that',
    'mine',
  ]);
  await removeDumpRemains(join(root, 'nothing'));
});

test('the directory that a dump borrows is /tmp of the container, as it is at that time', (t) => {
  const { dev, ino, ctimeMs } = statSync('/tmp');
  const borrowed = borrowedDirectory(process.pid);
  t.is(borrowed?.id, `${dev}:${ino}`);
  t.true(borrowed!.changedMs >= ctimeMs);
  t.is(borrowedDirectory(2 ** 30), null, 'who has ended has none');
});

test('it is the root where there is no /tmp, and never what a link of the container leads to on the host', async (t) => {
  const root = mkdtempSync('/tmp/phaul-remains-');
  t.teardown(() => rmSync(root, { recursive: true }));
  const script = 'import os, sys; os.chroot(sys.argv[1]); print(1, flush=True); sys.stdin.read()';
  const inside = spawn('python3', ['-c', script, root]);
  t.teardown(() => inside.kill());
  await once(inside.stdout, 'data');
  const idOf = (path: string): string => `${lstatSync(path).dev}:${lstatSync(path).ino}`;
  t.is(borrowedDirectory(inside.pid!)?.id, idOf(root));
  symlinkSync('/var', join(root, 'tmp'));
  t.is(borrowedDirectory(inside.pid!)?.id, idOf(join(root, 'tmp')));
});
