import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { btrfs } from '../../fs-drivers/btrfs/btrfs.ts';
import { driverContext } from '../../src/driver-context.ts';
import { btrfsDisk, makeSubvolume } from './btrfs-disk.ts';
import { btrfsPair, twoHosts } from './btrfs-pair.ts';
import { portrait } from './portrait.ts';
import { makeHardTree } from './tree.ts';

const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { encoding: 'utf8', stdio: 'pipe' });

test('a tree with one of everything arrives exactly', async (t) => {
  const pair = await btrfsPair(t);
  const { source, target } = pair.tree;
  await makeHardTree(source);
  fs.chownSync(source, 100_000, 200_000);
  fs.chmodSync(source, 0o2751);
  run('setfattr', '-n', 'user.root', '-v', 'of the tree', source);
  run('setfacl', '-m', 'u:1234:rwx', source);
  run('touch', '-d', '2001-02-03 04:05:06.123456789', source);
  await pair.target.prepare();
  let moved = 0;
  const result = await pair.round({ final: true, moved: (bytes) => (moved += bytes) });
  t.deepEqual(portrait(target), portrait(source));
  t.true(result.changed > 1000 && result.bytes > result.changed);
  t.is(moved, result.changed, 'and that is what it told meanwhile');
  t.is(fs.statSync(target).ino, 256);
  fs.writeFileSync(join(target, 'new'), 'it can be written to');
});

test('later rounds carry what has changed, and nothing else', async (t) => {
  const pair = await btrfsPair(t);
  const at = (name: string): string => join(pair.tree.source, name);
  await makeHardTree(pair.tree.source);
  fs.writeFileSync(at('large'), Buffer.alloc(8 * 1024 * 1024, 'x'));
  fs.mkdirSync(at('swapped'));
  fs.writeFileSync(at('swapped/file'), '');
  fs.writeFileSync(at('same-looks'), 'before');
  fs.utimesSync(at('same-looks'), 1, 1);
  await pair.target.prepare();
  const first = await pair.round();
  t.true(first.changed > 8 * 1024 * 1024);
  const unchanged = await pair.round();
  t.true(unchanged.changed < 1000);
  fs.rmSync(at('swapped'), { recursive: true });
  fs.symlinkSync('deep', at('swapped'));
  fs.writeFileSync(at('same-looks'), 'after_');
  fs.utimesSync(at('same-looks'), 1, 1);
  fs.rmSync(at('hard-2'));
  fs.copyFileSync(at('hard-1'), at('hard-2'));
  fs.renameSync(at('deep/er'), at('moved'));
  fs.truncateSync(at('large'), 4096);
  fs.linkSync(at('large'), at('deep/large'));
  run('setfattr', '-x', 'user.phaul', at('hard-1'));
  await pair.round();
  fs.writeFileSync(at('last'), 'last');
  const last = await pair.round({ final: true });
  t.true(last.changed < 100_000);
  t.deepEqual(portrait(pair.tree.target), portrait(pair.tree.source));
});

test('what is written through a mapping is there, flushed or not', async (t) => {
  const pair = await btrfsPair(t);
  const file = join(pair.tree.source, 'mapped');
  fs.writeFileSync(file, Buffer.alloc(1024 * 1024, 'a'));
  await pair.target.prepare();
  await pair.round();
  // The mapping is still there, and dirty, when the snapshot is made.
  const writer = `
import mmap, sys
f = open(sys.argv[1], "r+b"); m = mmap.mmap(f.fileno(), 0)
m[500000] = 98
print("written", flush=True); sys.stdin.read()`;
  const python = (await import('node:child_process')).spawn('python3', ['-c', writer, file]);
  t.teardown(() => python.kill('SIGKILL'));
  await new Promise((resolve) => python.stdout.once('data', resolve));
  await pair.round({ final: true });
  t.is(fs.readFileSync(join(pair.tree.target, 'mapped'))[500_000], 98);
});

test('what the directories around the tree give to new files is not given to the copy', async (t) => {
  const pair = await btrfsPair(t);
  fs.mkdirSync(join(pair.tree.source, 'directory'));
  fs.writeFileSync(join(pair.tree.source, 'directory/file'), '');
  run('setfacl', '-d', '-m', 'u:1234:rwx', join(pair.tree.target, '..'));
  await pair.target.prepare();
  await pair.round({ final: true });
  t.deepEqual(portrait(pair.tree.target), portrait(pair.tree.source));
});

test('it looks at subvolumes alone that a snapshot is all of', async (t) => {
  const disk = btrfsDisk(t);
  const ctx = driverContext(disk, new AbortController().signal, () => undefined);
  const looks = async (source: string, without: string[] = []): Promise<boolean> =>
    (await btrfs.look?.({ source, target: source, without }, ctx)) != null;
  const tree = join(disk, 'tree');
  makeSubvolume(tree);
  fs.mkdirSync(join(tree, 'directory'));
  t.true(await looks(tree));
  t.false(await looks(join(tree, 'directory')), 'a directory in one');
  t.false(await looks(disk), 'a mount point');
  t.false(await looks(tree, ['inner']), 'with another file system in it');
  t.false(await looks('/'), 'not btrfs');
  makeSubvolume(join(tree, 'directory/inner'));
  t.false(await looks(tree), 'with a subvolume in it');
  run('btrfs', 'subvolume', 'delete', join(tree, 'directory/inner'));
  t.true(await looks(tree));
});

test('it suits a target where a subvolume can take the place of the tree', async (t) => {
  const disk = btrfsDisk(t);
  const ctx = driverContext(disk, new AbortController().signal, () => undefined);
  const suits = async (target: string): Promise<boolean> =>
    (await btrfs.suits?.({ source: target, target, without: [] }, 'subvolume', ctx)) != null;
  t.true(await suits(join(disk, 'not/there/yet')));
  fs.mkdirSync(join(disk, 'tree/inner'), { recursive: true });
  t.true(await suits(join(disk, 'tree')));
  t.false(await suits(disk), 'a mount point');
  t.false(await suits('/tmp/phaul-none/tree'), 'not btrfs');
  run('mount', '-t', 'tmpfs', 'phaul', join(disk, 'tree/inner'));
  t.false(await suits(join(disk, 'tree')), 'with a mount in it');
  run('umount', join(disk, 'tree/inner'));
  makeSubvolume(join(disk, 'frozen'));
  run('btrfs', 'property', 'set', join(disk, 'frozen'), 'ro', 'true');
  t.false(await suits(join(disk, 'frozen')), 'read-only');
});

test('asked for where it does not fit, it says why', async (t) => {
  const disk = btrfsDisk(t);
  const ctx = driverContext(disk, new AbortController().signal, () => undefined);
  fs.mkdirSync(join(disk, 'plain'));
  const tree = { source: join(disk, 'plain'), target: '/tmp/phaul-none/tree', without: [] };
  const there = await btrfs.target([tree], ctx).refusals(true);
  const here = await btrfs.source([tree], ctx).refusals();
  t.deepEqual(
    [...here, ...there].map(({ message }) => message),
    [`${disk}/plain is not a btrfs subvolume.`, '/tmp on the target is not on btrfs.'],
  );
});

test('a subvolume made in the tree meanwhile fails the round', async (t) => {
  const pair = await btrfsPair(t);
  await pair.target.prepare();
  await pair.round();
  makeSubvolume(join(pair.tree.source, 'inner'));
  await t.throwsAsync(pair.round(), { code: 'FS_SYNC', message: /subvolumes below/ });
});

test('where the target is full it says so, and all is as before', async (t) => {
  const [, small] = twoHosts(btrfsDisk(t, 128));
  const [large] = twoHosts(btrfsDisk(t));
  const pair = await btrfsPair(t, { on: [large, small] });
  fs.writeFileSync(join(pair.tree.source, 'large'), Buffer.alloc(200 * 1024 * 1024, 'x'));
  fs.mkdirSync(pair.tree.target);
  fs.writeFileSync(join(pair.tree.target, 'kept'), '');
  await pair.target.prepare();
  const error = await t.throwsAsync(pair.round(), { code: 'DISK_FULL' });
  t.is((error as { details?: { host?: string } }).details?.host, 'target');
  await pair.source.abort?.();
  await pair.target.abort();
  t.deepEqual(pair.around(), { source: ['tree'], target: ['tree'] });
  t.deepEqual(fs.readdirSync(pair.tree.target), ['kept']);
});
