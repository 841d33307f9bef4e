import { readlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ownFile } from '../own-file.ts';

/*
 * CRIU has `tar --gzip` put what is in a tmpfs of the container into an image, and get it out again (criu/filesystems.c, tmpfs_dump and tmpfs_restore), both
 * while the container stands still. gzip takes 40 ms for a MiB, tar alone one or two; and the images go to the other host on a stream of phaul's anyway. So CRIU
 * finds another tar in PATH, which becomes the real one without --gzip, and with what CRIU leaves out: extended attributes, ACLs, and times to the nanosecond
 * (the form posix). Neither form is taken for the other: tar refuses what is compressed if it was not asked for that, and gzip what is not.
 */

/** PATH for a CRIU whose archives are not compressed. */
export function plainTarPath(): string {
  return `${dirname(ownFile('src/criu/plain-tar/tar'))}:${process.env['PATH'] ?? ''}`;
}

/** Whether CRIU finds it when it dumps that process: it starts tar as the root of the container's user namespace, which may not see phaul's files. */
export async function plainTarSuits(pid: number): Promise<boolean> {
  const ours = await readlink('/proc/self/ns/user');
  // One that has just ended needs no tar.
  const theirs = await readlink(`/proc/${pid}/ns/user`).catch(() => null);
  return theirs === ours;
}
