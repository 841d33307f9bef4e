import { readdir, readFile, rmdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Removes what a CRIU that was killed in a restore has left: the directory where it puts mounts together (criu/mount.c, create_mnt_roots). Its log has the name. */
export async function removeRemains(log: string): Promise<void> {
  const said = await readFile(log, 'utf8').catch(() => '');
  const [directory] = /\/tmp\/\.criu\.mntns\.\w{6}/.exec(said) ?? [];
  // Empty, as this host sees it. One that ended in order has removed it.
  if (directory !== undefined) await rmdir(directory).catch(() => undefined);
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
