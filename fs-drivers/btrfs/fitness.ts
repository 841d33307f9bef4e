import { access, constants, lstat, realpath, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DriverContext } from '../../src/contracts/context.ts';
import type { FsTree } from '../../src/contracts/fs-driver.ts';
import { PhaulError, type HostRole, type Refusal } from '../../src/errors.ts';
import { isWithin, mountOf, readMounts } from '../../src/linux/mounts.ts';

/** BTRFS_SUPER_MAGIC (linux/magic.h) */
const magic = 0x9123683e;
/** BTRFS_FIRST_FREE_OBJECTID: the root directory of every subvolume has this inode number, and nothing else in it. */
export const rootInode = 256n;

/** Whether `path` is the root of a btrfs subvolume. */
export async function isSubvolume(path: string): Promise<boolean> {
  const found = await lstat(path, { bigint: true }).catch(() => null);
  return found?.isDirectory() === true && found.ino === rootInode && (await onBtrfs(path));
}

/** Why the tree cannot be sent from here, as a sentence; null: it can. */
export async function obstacleHere({ source, without }: FsTree, ctx: DriverContext): Promise<string | null> {
  const real = await realpath(source);
  if (!(await isSubvolume(real))) return `${source} is not a btrfs subvolume.`;
  // Snapshots lie beside the tree, and they must be on its file system.
  if (mountOf(real, await readMounts())?.path === real) return `${source} is mounted there by itself.`;
  if (without.length > 0) return `Other file systems are mounted below ${source}.`;
  return innerSubvolumes(real, ctx);
}

/** That there are subvolumes in this one, which would be missing from a snapshot, as a sentence; null: there are none. */
export async function innerSubvolumes(path: string, ctx: DriverContext): Promise<string | null> {
  const found = await ctx.run('btrfs', ['subvolume', 'list', '-o', path]);
  return found === '' ? null : `There are subvolumes below ${path}, and a snapshot leaves them out.`;
}

/** Why the tree cannot be received here, as a sentence; null: it can. */
export async function obstacleThere({ target }: FsTree): Promise<string | null> {
  const parent = await nearest(dirname(target));
  if (!(await onBtrfs(parent))) return `${parent} on the target is not on btrfs.`;
  const real = await realpath(target).catch(() => null);
  if (real === null) return null;
  const inner = (await readMounts()).find(({ path }) => isWithin(real, path));
  if (inner) return `${inner.path} on the target is a mount point.`;
  // A read-only subvolume keeps its place.
  const writable = await access(real, constants.W_OK).then(
    () => true,
    () => false,
  );
  return writable ? null : `${target} on the target is read-only.`;
}

/** Whether this host has the program. */
export async function hasTool(ctx: DriverContext): Promise<boolean> {
  try {
    await ctx.run('btrfs', ['--version']);
    return true;
  } catch (error) {
    if (error instanceof PhaulError && error.code === 'TOOL_MISSING') return false;
    throw error;
  }
}

/** What is told to a user who asked for this driver where it does not fit. */
export async function toolRefusals(ctx: DriverContext, host: HostRole): Promise<Refusal[]> {
  if (await hasTool(ctx)) return [];
  const message = `The program btrfs is not installed on the ${host}.`;
  return [{ code: 'TOOL_MISSING', message, hint: 'Install btrfs-progs there.', host }];
}

/** An obstacle as a refusal. */
export function asRefusals(obstacle: string | null, host: HostRole): Refusal[] {
  if (obstacle === null) return [];
  return [
    { code: 'CONTAINER_UNSUPPORTED', message: obstacle, hint: 'Copy the files with --fs rsync.', host },
  ];
}

async function onBtrfs(path: string): Promise<boolean> {
  return (await statfs(path)).type === magic;
}

/** The path, or the first directory above it that exists. */
async function nearest(path: string): Promise<string> {
  const there = await stat(path).catch(() => null);
  return there || path === '/' ? path : nearest(dirname(path));
}
