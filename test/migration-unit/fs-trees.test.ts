import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { beside } from '../../src/contracts/paths.ts';
import { builtIn } from '../../src/contracts/registry.ts';
import { fsTrees } from '../../src/migration/fs-trees.ts';

/** A directory of this test's own, in which file systems can be mounted; all of it is gone afterwards. */
function ground(t: ExecutionContext): { home: string; mount: (path: string, ...args: string[]) => void } {
  const home = realpathSync(mkdtempSync('/tmp/phaul-fs-trees-'));
  t.teardown(() => rmSync(home, { recursive: true }));
  return {
    home,
    mount: (path, ...args) => {
      mkdirSync(path, { recursive: true });
      execFileSync('mount', [...args, path]);
      t.teardown(() => execFileSync('umount', ['-l', path]));
    },
  };
}

/** What is left out of a tree besides what drivers keep beside the trees in it. */
const mountsIn = ({ without }: { without: readonly string[] }): string[] =>
  without.filter((path) => !path.includes('.phaul-'));

test('one directory is one tree, with nothing left out', async (t) => {
  const { home } = ground(t);
  const tree = { source: home, target: '/srv/ct101' };
  t.deepEqual(await fsTrees([tree]), [{ ...tree, without: [] }]);
});

test('a file system that is mounted below a tree is a tree of its own, with a place on the target to match', async (t) => {
  const { home, mount } = ground(t);
  mount(join(home, 'a/disk'), '-t', 'tmpfs', 'phaul');
  const trees = await fsTrees([{ source: home, target: '/srv/ct101' }]);
  t.like(trees[0], { source: home, target: '/srv/ct101' });
  t.like(trees[1], { source: join(home, 'a/disk'), target: '/srv/ct101/a/disk', without: [] });
  t.is(trees.length, 2);
  t.deepEqual(mountsIn(trees[0]!), ['a/disk']);
});

test('one in another is left out of both trees around it', async (t) => {
  const { home, mount } = ground(t);
  mount(join(home, 'disk'), '-t', 'tmpfs', 'phaul');
  mount(join(home, 'disk/inner'), '-t', 'tmpfs', 'phaul');
  const trees = await fsTrees([{ source: home, target: home }]);
  t.deepEqual(trees.map(mountsIn), [['disk', 'disk/inner'], ['inner'], []]);
});

test('what is mounted from elsewhere moves too', async (t) => {
  const { home, mount } = ground(t);
  mkdirSync(join(home, 'elsewhere'));
  mount(join(home, 'tree/bound'), '--bind', join(home, 'elsewhere'));
  const [, bound] = await fsTrees([{ source: join(home, 'tree'), target: '/t' }]);
  t.like(bound, { source: join(home, 'tree/bound'), target: '/t/bound' });
});

test('a window into the kernel is left out, and is no tree', async (t) => {
  const { home, mount } = ground(t);
  mount(join(home, 'proc'), '-t', 'proc', 'phaul');
  const trees = await fsTrees([{ source: home, target: home }]);
  t.is(trees.length, 1);
  t.deepEqual(mountsIn(trees[0]!), ['proc']);
});

test('what drivers keep beside a tree is left out of the tree around it', async (t) => {
  const { home, mount } = ground(t);
  mount(join(home, 'a/disk'), '-t', 'tmpfs', 'phaul');
  const [outer] = await fsTrees([{ source: home, target: home }]);
  for (const { name } of builtIn.fs)
    t.true(outer?.without.includes(beside('a/disk', name)), `${name}: ${outer?.without.join(', ')}`);
});

test('of two trees, one in the other, the outer comes first and is without the inner', async (t) => {
  const { home } = ground(t);
  mkdirSync(join(home, 'outer/inner'), { recursive: true });
  const [outer, inner] = ['outer', 'outer/inner'].map((name) => ({
    source: join(home, name),
    target: join('/t', name),
  }));
  const trees = await fsTrees([inner!, outer!]);
  t.deepEqual(
    trees.map(({ source }) => source),
    [outer?.source, inner?.source],
  );
  t.deepEqual(trees.map(mountsIn), [['inner'], []]);
});

test('a tree behind a symbolic link keeps its name, and what is mounted in it is found all the same', async (t) => {
  const { home, mount } = ground(t);
  mount(join(home, 'real/disk'), '-t', 'tmpfs', 'phaul');
  symlinkSync('real', join(home, 'link'));
  const trees = await fsTrees([{ source: join(home, 'link'), target: '/t' }]);
  t.deepEqual(
    trees.map(({ source, target }) => ({ source, target })),
    [
      { source: join(home, 'link'), target: '/t' },
      { source: join(home, 'link/disk'), target: '/t/disk' },
    ],
  );
  t.deepEqual(mountsIn(trees[0]!), ['disk']);
});

test('a tree that is a mount itself is one tree', async (t) => {
  const { home, mount } = ground(t);
  mount(join(home, 'disk'), '-t', 'tmpfs', 'phaul');
  const trees = await fsTrees([{ source: join(home, 'disk'), target: '/t' }]);
  t.deepEqual(trees, [{ source: join(home, 'disk'), target: '/t', without: [] }]);
});

test('a tree that is not there is left to the driver', async (t) => {
  const { home } = ground(t);
  const tree = { source: join(home, 'gone'), target: '/t' };
  t.deepEqual(await fsTrees([tree]), [{ ...tree, without: [] }]);
});
