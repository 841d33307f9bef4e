import { mkdir, readdir, rename } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { DriverContext } from '../../src/contracts/context.ts';
import { PhaulError } from '../../src/errors.ts';
import { lastLine } from '../../src/run.ts';
import { writeArchive } from './archive.ts';
import { inspect } from './inspect.ts';
import type { PodmanMeta } from './meta.ts';
import { arrivals, arrivingLayer, arrivingShm, shmDirectory } from './places.ts';

/** Undoes one deed. */
export type Undo = () => Promise<unknown>;

/**
 * Has podman make the container, which does not run yet, and what it needs: volumes, the tag of its image. Each deed's undo is given to `done` once it is
 * done; the same are noted for the case that phaul is killed.
 * @throws DRIVER_FAILED with podman's words
 */
export async function makeContainer(
  meta: PodmanMeta,
  ctx: DriverContext,
  done: (undo: Undo) => void,
): Promise<void> {
  const undoing = (command: string, ...args: string[]): void => {
    ctx.ifKilled(command, args);
    done(() => ctx.run(command, args, { abortable: false }));
  };
  for (const { name, labels } of meta.volumes) {
    if (await succeeds(ctx, 'volume', 'exists', name)) continue;
    const words = Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]);
    await ctx.run('podman', ['volume', 'create', ...words, name]);
    undoing('podman', 'volume', 'rm', '--force', name);
  }
  if (!(await succeeds(ctx, 'image', 'exists', meta.image.name))) {
    await ctx.run('podman', ['tag', meta.image.id, meta.image.name]);
    undoing('podman', 'untag', meta.image.id, meta.image.name);
  }
  undoing('podman', 'rm', '--force', '--time', '0', '--ignore', meta.id);
  const archive = await writeArchive(meta, ctx);
  const args = ['container', 'restore', '--ignore-rootfs', '--ignore-volumes', '--import', archive];
  const { stderr } = await ctx.attempt('podman', args);
  if (await succeeds(ctx, 'container', 'exists', meta.id)) return;
  throw new PhaulError('DRIVER_FAILED', `podman cannot make the container: ${lastLine(stderr)}`, {
    host: 'target',
  });
}

/**
 * Puts what has come to its places, and sees to it that what comes from now on goes there, too: the container's writable layer, and what it sees at /dev/shm.
 * @param done is given the undo of what stays
 * @param open is given what ends that, in the end or before anything else is undone
 */
export async function openPlaces(
  meta: PodmanMeta,
  ctx: DriverContext,
  done: (undo: Undo) => void,
  open: (close: Undo) => void,
): Promise<void> {
  const { graphRoot, id } = meta;
  const { UpperDir: upper } = (await inspect(id, ctx)).GraphDriver.Data;
  if (upper === undefined)
    throw new PhaulError('DRIVER_FAILED', 'podman on the target does not say where the writable layer is.');
  // Executed after what is noted from here on. While something is still mounted there it is the container's.
  const clear = [
    '-c',
    'grep -qF -- " $1/" /proc/self/mounts || rm -rf -- "$1"; rmdir -- "${1%/*}"',
    'sh',
    arrivals(graphRoot, id),
  ];
  for (const when of ['undone', 'moved'] as const) ctx.ifKilled('sh', clear, when);
  /** What comes to `path` from now on goes to `place`. */
  const lead = async (path: string, place: string): Promise<void> => {
    await ctx.run('mount', ['--bind', place, path]);
    // Never one without the other: what is mounted there is the container's.
    const close = ['-c', 'umount -l -- "$1" && rm -rf -- "$1"', 'sh', path];
    for (const when of ['undone', 'moved'] as const) ctx.ifKilled('sh', close, when);
    open(() => ctx.run('sh', close, { abortable: false }));
  };
  const layer = arrivingLayer(graphRoot, id);
  await renameBelow(graphRoot, layer, upper, ctx);
  await mkdir(layer, { mode: 0o700 });
  await lead(layer, upper);
  if (meta.shmBytes === null) return;
  const shm = shmDirectory(graphRoot, id);
  await mkdir(shm, { recursive: true, mode: 0o700 });
  // As podman does it; it takes what is mounted there already.
  const options = `mode=1777,size=${meta.shmBytes},nosuid,noexec,nodev`;
  await ctx.run('mount', ['-t', 'tmpfs', '-o', options, 'shm', shm]);
  ctx.ifKilled('umount', ['-l', shm]);
  // podman itself may have done it meanwhile.
  done(() => ctx.attempt('umount', ['-l', shm], { abortable: false }));
}

/**
 * Gives the container what it had at /dev/shm. Not before all of it is there: an fs driver may hold on to the directory in which it has begun, and would write
 * past a mount.
 */
export async function fillShm({ graphRoot, id, shmBytes }: PodmanMeta, ctx: DriverContext): Promise<void> {
  if (shmBytes === null) return;
  const came = arrivingShm(graphRoot, id);
  if ((await readdir(came)).length === 0) return;
  await ctx.run('cp', ['-a', '--', `${came}/.`, shmDirectory(graphRoot, id)]);
}

/** podman mounts the directory of its layers over itself, and nothing can be renamed across mounts: so both are looked at in another mount of what holds them. */
async function renameBelow(root: string, from: string, to: string, ctx: DriverContext): Promise<void> {
  const view = join(ctx.directory, 'storage');
  await mkdir(view);
  ctx.ifKilled('umount', ['-l', view]);
  await ctx.run('mount', ['--bind', root, view]);
  try {
    await rename(join(view, relative(root, from)), join(view, relative(root, to)));
  } finally {
    await ctx.run('umount', ['-l', view], { abortable: false });
  }
}

export async function succeeds(ctx: DriverContext, ...args: string[]): Promise<boolean> {
  return (await ctx.attempt('podman', args)).exitCode === 0;
}
