import { readFile, rmdir } from 'node:fs/promises';

/** Removes what a CRIU that was killed in a restore has left: the directory where it puts mounts together (criu/mount.c, create_mnt_roots). Its log has the name. */
export async function removeRemains(log: string): Promise<void> {
  const said = await readFile(log, 'utf8').catch(() => '');
  const [directory] = /\/tmp\/\.criu\.mntns\.\w{6}/.exec(said) ?? [];
  // Empty, as this host sees it. One that ended in order has removed it.
  if (directory !== undefined) await rmdir(directory).catch(() => undefined);
}
