import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { isWithin, type Mount, mountOf, readMounts } from '../../src/linux/mounts.ts';

test('a mount is known by its place and type, whatever characters are in the place, and tells its options', async (t) => {
  const home = mkdtempSync('/tmp/phaul-mounts-');
  const place = join(home, 'a b\\040\tc\nd ü - x');
  mkdirSync(place);
  t.teardown(() => rmSync(home, { recursive: true }));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro,nosuid,size=64k', 'phaul', place]);
  t.teardown(() => execFileSync('umount', ['-l', place]));
  const found = (await readMounts()).filter(({ path }) => path.startsWith(home));
  t.deepEqual(
    found.map(({ path, type }) => ({ path, type })),
    [{ path: place, type: 'tmpfs' }],
  );
  for (const option of ['ro', 'nosuid', 'size=64k']) t.true(found[0]?.options.includes(option), option);
});

const mount = (id: number, path: string, type: string): Mount => ({
  id,
  path,
  type,
  device: `0:${id}`,
  root: '/',
  options: [],
});
const mounts = [
  mount(1, '/', 'ext4'),
  mount(2, '/srv', 'nfs4'),
  mount(3, '/srv/deep', 'tmpfs'),
  mount(4, '/srv', 'btrfs'),
];

test('a path is on the mount that is nearest above it', (t) => {
  t.is(mountOf('/srv/deep/x', mounts)?.type, 'tmpfs');
  t.is(mountOf('/srv/deep', mounts)?.type, 'tmpfs');
  t.is(mountOf('/srvx', mounts)?.type, 'ext4');
  t.is(mountOf('/', mounts)?.type, 'ext4');
});

test('of two mounts at one place the later one counts', (t) => {
  t.is(mountOf('/srv/deeper', mounts)?.type, 'btrfs');
});

test('a path is within itself and what it is below, and not within what only begins like it', (t) => {
  t.true(isWithin('/srv', '/srv'));
  t.true(isWithin('/srv', '/srv/a'));
  t.true(isWithin('/', '/srv'));
  t.true(isWithin('/srv/', '/srv/a'));
  t.false(isWithin('/srv', '/srvx'));
  t.false(isWithin('/srv/a', '/srv'));
});
