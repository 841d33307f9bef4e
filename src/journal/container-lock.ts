import { fstatSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { type HostRole, PhaulError } from '../errors.ts';
import { type FileLock, lockFile } from '../linux/file-lock.ts';

/**
 * One migration at a time for a container, to this host or from it. Gives what ends that, as the end of this process does.
 * @throws MIGRATION_RUNNING
 */
export function lockContainer(htype: string, name: string, host: HostRole): () => void {
  const path = `/run/phaul/lock:${htype}:${name}`;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  for (;;) {
    const lock = lockFile(path, true);
    if (!lock)
      throw new PhaulError('MIGRATION_RUNNING', `Another migration of ${name} is under way there.`, { host });
    // Who had it last may have removed the file after we opened it.
    if (inodeAt(path) === fstatSync(lock.fd).ino) return unlocker(path, lock);
    lock.release();
  }
}

const held = new Set<() => void>();
process.on('exit', () => held.forEach((unlock) => unlock()));

function unlocker(path: string, lock: FileLock): () => void {
  const unlock = (): void => {
    if (!held.delete(unlock)) return;
    rmSync(path, { force: true });
    lock.release();
  };
  held.add(unlock);
  return unlock;
}

function inodeAt(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}
