import { mkdir, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type HostRole, PhaulError } from './errors.ts';
import { keepLogs } from './history/logs.ts';
import { historyDirectory } from './history/places.ts';
import type { Journal } from './journal/journal.ts';
import { isWithin, type Mount, readMounts } from './linux/mounts.ts';
import { run } from './run.ts';

/** The directory of one migration on one host: images on a tmpfs, sockets, scratch space of the drivers. */
export interface Workspace {
  readonly directory: string;
  /** Image directories, one per iteration; on a tmpfs of its own unless the user named another place. */
  readonly images: string;
  readonly scratch: string;
  /** Removes everything, but not images that are to be kept. Idempotent. */
  readonly remove: () => Promise<void>;
}

interface ImageOptions {
  /** --img-path: an existing directory below which the images go instead of a tmpfs. */
  readonly imagePath: string | undefined;
  readonly keepImages: boolean;
}

/** Where it is. @param migration letters, digits and - only, checked where it enters */
export function workspaceDirectory(migration: string, role: HostRole): string {
  return join('/run/phaul', `${migration}-${role}`);
}

/** Makes it; the journal is there already, so that whoever finds that finds this. @throws PATH_MISSING */
export async function createWorkspace(
  journal: Journal,
  { imagePath, keepImages }: ImageOptions,
): Promise<Workspace> {
  const { migration, role } = journal;
  if (imagePath !== undefined && !(await isDirectory(imagePath))) throw missing(imagePath, role);
  const directory = workspaceDirectory(migration, role);
  const kept = imagePath === undefined ? null : join(imagePath, `phaul-${migration}`);
  const images = kept ?? join(directory, 'images');
  const scratch = join(directory, 'scratch');
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  if (kept !== null && !keepImages)
    for (const when of ['undone', 'moved'] as const) journal.will(when, 'rm', ['-rf', '--', kept]);
  await mkdir(images, { recursive: true, mode: 0o700 });
  // Not the host's /run: that is often limited to a tenth of the memory.
  if (kept === null) await run('mount', ['-t', 'tmpfs', '-o', 'size=100%,mode=700', 'phaul', images]);
  return {
    directory,
    images,
    scratch,
    remove: async () => {
      await keepLogs(images, historyDirectory(migration, role));
      if (kept !== null && !keepImages) await rm(kept, { recursive: true, force: true });
      // It stays if there are images to be kept.
      if (kept !== null) await rmdir(kept).catch(() => undefined);
      await clearWorkspace(migration, role);
    },
  };
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function missing(path: string, host: HostRole): PhaulError {
  return new PhaulError('PATH_MISSING', `The directory ${path} (--img-path) does not exist on the ${host}.`, {
    host,
  });
}

/**
 * Removes what there is of it, whoever made it. CRIU's logs are kept.
 *
 * @throws DRIVER_FAILED if something in it stays mounted: then nothing is removed, since it may show a container's own files
 */
export async function clearWorkspace(migration: string, role: HostRole): Promise<void> {
  const directory = workspaceDirectory(migration, role);
  await keepLogs(join(directory, 'images'), historyDirectory(migration, role));
  // Lazily, so that a straggler's open file cannot keep it. What somebody else unmounts meanwhile is gone, too.
  for (const { path } of (await mountsBelow(directory)).toReversed())
    await run('umount', ['-l', path]).catch(() => undefined);
  const [still] = await mountsBelow(directory);
  if (still)
    throw new PhaulError('DRIVER_FAILED', `${still.path} stays mounted, so ${directory} is not removed.`, {
      hint: 'Unmount that; phaul recover then removes the rest.',
    });
  await rm(directory, { recursive: true, force: true, maxRetries: 3 });
}

async function mountsBelow(directory: string): Promise<Mount[]> {
  return (await readMounts()).filter(({ path }) => path !== directory && isWithin(directory, path));
}
