import { randomUUID } from 'node:crypto';
import { access, realpath, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { DriverContext } from '../src/contracts/context.ts';
import type { FsDriver, FsTree, Sight } from '../src/contracts/fs-driver.ts';
import type { Refusal } from '../src/errors.ts';
import { mountOf, readMounts } from '../src/linux/mounts.ts';

/** Storage that both hosts see, for instance NFS or a cluster file system: nothing has to be copied. */
export const shared: FsDriver = {
  kind: 'fs',
  name: 'shared',
  apiVersion: 1,
  description: 'Files on storage that both hosts see at once; nothing is copied',
  capabilities: { copies: false, replaces: false },
  look,
  suits,
  source: () => ({
    refusals: () => Promise.resolve([]),
    sync: () => Promise.resolve({ bytes: 0, changed: 0, files: 0 }),
    release: () => Promise.resolve(),
  }),
  target: (trees) => ({
    refusals: async () => (await Promise.all(trees.map(missing))).flat(),
    prepare: () => Promise.resolve(),
    serve: (stream) => {
      stream.destroy();
      return Promise.resolve();
    },
    abort: () => Promise.resolve(),
  }),
};

// File systems that several hosts can have mounted at once. Only on these is a file written to find out.
const shareable =
  /^(nfs4?|cifs|smb3|ceph|9p|virtiofs|lustre|ocfs2|gfs2|gpfs|beegfs|afs|glusterfs|fuse\..+|fuse)$/;

const probeName = z.string().regex(/^\.phaul-[0-9a-f-]{36}$/);

/**
 * Names, inode numbers and even the ids of file systems can be the same on two hosts that were cloned from one image. That the other host
 * sees a file which was written a moment ago is proof.
 */
async function look({ source }: FsTree, ctx: DriverContext): Promise<Sight | null> {
  const before = await stat(source);
  const mount = mountOf(await realpath(source), await readMounts());
  if (!before.isDirectory() || !mount || !shareable.test(mount.type)) return null;
  const name = `.phaul-${randomUUID()}`;
  const path = join(source, name);
  ctx.ifKilled('rm', ['-f', '--', path]);
  const written = await writeFile(path, '', { flag: 'wx', mode: 0o600 }).then(
    () => true,
    () => false,
  );
  if (!written) return null;
  return {
    seen: name,
    close: async () => {
      await rm(path, { force: true });
      await utimes(source, before.atime, before.mtime);
    },
  };
}

async function suits({ target }: FsTree, seen: unknown): Promise<string | null> {
  const name = probeName.safeParse(seen);
  if (!name.success) return null;
  return access(join(target, name.data)).then(
    () => 'both hosts see the same files there',
    () => null,
  );
}

async function missing({ target }: FsTree): Promise<Refusal[]> {
  const there = await access(target).then(
    () => true,
    () => false,
  );
  if (there) return [];
  const message = `${target} does not exist on the target.`;
  const hint = 'Mount the shared storage there, or copy the files with --fs rsync.';
  return [{ code: 'PATH_MISSING', message, hint, host: 'target' }];
}
