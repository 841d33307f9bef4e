import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { seeded } from '../seeded.ts';

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_APPEND, O_RDONLY } = fs.constants;

/** Numbers from 0 up to, but not including, `below`; the same ones for the same seed. */
export function randomNumbers(seed: number): (below: number) => number {
  const random = seeded(seed);
  return (below) => Math.floor(random() * below);
}

/**
 * Changes one thing in the tree, any. Nothing is written through a symbolic link, and links lead to names in their own directory only.
 *
 * @returns what it did
 */
export function changeSomething(root: string, random: (below: number) => number): string {
  const all = entriesOf(root);
  const pick = <T>(among: readonly T[]): T | undefined => among[random(among.length)];
  const kind = (wanted: (found: fs.Stats) => boolean): string | undefined =>
    pick(all.filter(({ found }) => wanted(found)).map(({ path }) => path));
  const file = (): string | undefined => kind((found) => found.isFile());
  const directory = (): string =>
    pick([root, ...all.filter(({ found }) => found.isDirectory()).map(({ path }) => path)]) ?? root;
  const other = (): string | undefined => kind((found) => !found.isDirectory());
  // A named pipe that was linked with another and then replaced stays linked on the target: rsync does not make it anew.
  const linkable = (): string | undefined => kind((found) => !found.isDirectory() && !found.isFIFO());
  const any = (): string | undefined => kind(() => true);
  const fresh = (): string => join(directory(), `n${random(40)}`);
  const bytes = (length: number): Buffer => Buffer.from(Array.from({ length }, () => 1 + random(255)));
  const open = <T>(path: string, flags: number, then: (fd: number) => T): T => {
    const fd = fs.openSync(path, flags | O_NOFOLLOW, 0o644);
    try {
      return then(fd);
    } finally {
      fs.closeSync(fd);
    }
  };
  const create = (path: string, contents: Buffer): unknown =>
    open(path, O_WRONLY | O_CREAT | O_EXCL, (fd) => fs.writeSync(fd, contents));
  const changes: Record<string, () => unknown> = {
    create: () => create(fresh(), bytes(random(9000))),
    createZeros: () => create(fresh(), Buffer.alloc(20_000)),
    createSparse: () =>
      open(fresh(), O_WRONLY | O_CREAT | O_EXCL, (fd) => {
        fs.writeSync(fd, bytes(100 + random(5000)), null, null, 4096 * random(20));
        fs.ftruncateSync(fd, 100_000 + random(100_000));
      }),
    overwrite: () =>
      on(file(), (path) =>
        open(path, O_WRONLY, (fd) => fs.writeSync(fd, bytes(1 + random(50)), null, null, 0)),
      ),
    append: () =>
      on(file(), (path) =>
        open(path, O_WRONLY | O_APPEND, (fd) => fs.writeSync(fd, bytes(1 + random(5000)))),
      ),
    shrink: () =>
      on(file(), (path) =>
        open(path, O_WRONLY, (fd) => fs.ftruncateSync(fd, random(fs.fstatSync(fd).size + 1))),
      ),
    replace: () =>
      on(file(), (path) => (create(`${path}.new`, bytes(random(9000))), fs.renameSync(`${path}.new`, path))),
    remove: () => on(any(), (path) => fs.rmSync(path, { recursive: true })),
    makeDirectory: () => fs.mkdirSync(fresh()),
    move: () => on(any(), (path) => fs.renameSync(path, fresh())),
    exchange: () =>
      on(any(), (one) =>
        on(any(), (two) => {
          if (`${one}/`.startsWith(`${two}/`) || `${two}/`.startsWith(`${one}/`)) return;
          fs.renameSync(one, `${root}/between`);
          fs.renameSync(two, one);
          fs.renameSync(`${root}/between`, two);
        }),
      ),
    awayAndBack: () =>
      on(any(), (path) => (fs.renameSync(path, `${path}.away`), fs.renameSync(`${path}.away`, path))),
    link: () => on(linkable(), (path) => fs.linkSync(path, fresh())),
    linkOver: () =>
      on(linkable(), (path) =>
        on(other(), (to) => (fs.linkSync(path, `${to}.new`), fs.renameSync(`${to}.new`, to))),
      ),
    cutLink: () =>
      on(
        kind((found) => found.isFile() && found.nlink > 1),
        (path) => {
          execFileSync('cp', ['-a', '--remove-destination', '--', path, `${path}.new`], { stdio: 'ignore' });
          fs.renameSync(`${path}.new`, path);
        },
      ),
    symlink: () => fs.symlinkSync(`n${random(40)}`, fresh()),
    swapForSymlink: () =>
      on(any(), (path) => (fs.rmSync(path, { recursive: true }), fs.symlinkSync(`n${random(40)}`, path))),
    swapForFile: () => on(any(), (path) => (fs.rmSync(path, { recursive: true }), create(path, bytes(100)))),
    swapForDirectory: () =>
      on(other(), (path) => (fs.rmSync(path), fs.mkdirSync(path), create(join(path, 'in'), bytes(10)))),
    fifo: () => execFileSync('mkfifo', ['--', fresh()], { stdio: 'ignore' }),
    mode: () =>
      on(
        kind((found) => found.isFile() || found.isDirectory()),
        (path) => open(path, O_RDONLY, (fd) => fs.fchmodSync(fd, random(0o10000))),
      ),
    owner: () => on(any(), (path) => fs.lchownSync(path, random(100_000), random(100_000))),
    time: () => on(any(), (path) => fs.lutimesSync(path, 0, random(2 ** 31) + random(1000) / 1000)),
    attribute: () =>
      on(file(), (path) =>
        execFileSync('setfattr', ['-h', '-n', 'user.x', '-v', `${random(1000)}`, '--', path], {
          stdio: 'ignore',
        }),
      ),
  };
  const name = pick(Object.keys(changes)) ?? '';
  try {
    changes[name]?.();
    return name;
  } catch (error) {
    // The place is taken, a directory would go into itself, …
    return `${name}: ${String((error as { code?: unknown }).code)}`;
  }
}

const on = <T>(path: string | undefined, then: (path: string) => T): T | undefined =>
  path === undefined ? undefined : then(path);

function entriesOf(root: string): { path: string; found: fs.Stats }[] {
  return fs.readdirSync(root).flatMap((name) => {
    const path = join(root, name);
    const found = fs.lstatSync(path);
    return [{ path, found }, ...(found.isDirectory() ? entriesOf(path) : [])];
  });
}
