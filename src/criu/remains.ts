import { lstatSync } from 'node:fs';
import { readdir, readFile, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Borrowed } from '../contracts/fs-driver.ts';

/** Removes what a CRIU that was killed in a restore has left: the directory where it puts mounts together (criu/mount.c, create_mnt_roots). Its log has the name. */
export async function removeRemains(log: string): Promise<void> {
  const said = await readFile(log, 'utf8').catch(() => '');
  const [directory] = /\/tmp\/\.criu\.mntns\.\w{6}/.exec(said) ?? [];
  // Empty, as this host sees it. One that ended in order has removed it.
  if (directory !== undefined) await rmdir(directory).catch(() => undefined);
}

/**
 * The directory in which CRIU makes another one for a moment when it dumps mounts that have others in them (criu/mount.c, get_clean_mnt). To be called while the
 * container stands still and CRIU waits, before it dumps mounts: synchronous, for that. Later it counts as changed. Null if there is none.
 * @param pid a task of the container's
 */
export function borrowedDirectory(pid: number): Borrowed | null {
  for (const directory of ['tmp', '.'])
    try {
      // Not followed: a link of the container's would lead to a place of the host's.
      const { dev, ino, ctimeMs } = lstatSync(`/proc/${pid}/root/${directory}`);
      return { id: `${dev}:${ino}`, changedMs: ctimeMs };
    } catch {
      // Not there: then CRIU takes the next.
    }
  return null;
}

/**
 * Removes the directories that CRIU makes in the container while it dumps its mounts (criu/mount.c, get_clean_mnt): the last sync of the files, which runs
 * beside the dump, may have brought one along.
 * @param root the container's, with all of its files
 */
export async function removeDumpRemains(root: string): Promise<void> {
  for (const directory of [join(root, 'tmp'), root]) {
    const names = await readdir(directory).catch(() => []);
    for (const name of names)
      // Empty, if it is CRIU's.
      if (/^cr-tmpfs\.\w{6}$/.test(name)) await rmdir(join(directory, name)).catch(() => undefined);
  }
}
