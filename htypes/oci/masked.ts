import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DriverContext } from '../../src/contracts/context.ts';
import { readMounts } from '../../src/linux/mounts.ts';

/** The name by which a dump calls each masked directory. */
export const maskKey = 'masked-directory';

/**
 * Those of the paths that its runtime hides from a container behind an empty read-only tmpfs. For CRIU they are file systems like any other: it would have tar
 * pack each of them while the container stands still, and unpack it again (criu/filesystems.c, tmpfs_dump).
 * @param pid of the container's first process
 */
export async function maskedDirectories(pid: number, paths: readonly string[]): Promise<string[]> {
  const mounts = await readMounts(pid);
  const masks = paths.filter((path) => {
    const mount = mounts.findLast((each) => each.path === path);
    // With a security context in its options each has a file system of its own.
    return (
      mount?.type === 'tmpfs' &&
      mount.options.includes('ro') &&
      !mount.options.some((option) => option.startsWith('context='))
    );
  });
  const isEmpty = (path: string): Promise<boolean> =>
    readdir(`/proc/${pid}/root${path}`).then(
      (names) => names.length === 0,
      // /dev/null, which is on a tmpfs, too, in the place of a file.
      () => false,
    );
  const empty = await Promise.all(masks.map(isEmpty));
  return masks.filter((_, index) => empty[index]);
}

/** What takes the place of all of them on the target, while CRIU mounts it there. */
export interface Mask {
  /** Gives where it is. */
  readonly mount: () => Promise<string>;
  /** Idempotent. */
  readonly unmount: () => Promise<void>;
}

export function maskIn(ctx: DriverContext): Mask {
  const path = join(ctx.directory, maskKey);
  let mounted = false;
  return {
    mount: async () => {
      await mkdir(path, { recursive: true });
      await ctx.run('mount', [
        '-t',
        'tmpfs',
        '--make-private',
        '-o',
        'ro,size=4k,nr_inodes=1',
        'phaul',
        path,
      ]);
      mounted = true;
      return path;
    },
    unmount: async () => {
      if (mounted) await ctx.run('umount', ['-l', path], { abortable: false });
      mounted = false;
    },
  };
}
