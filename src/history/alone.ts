import { setTimeout as sleep } from 'node:timers/promises';
import { type FileLock, lockDirectory } from '../linux/file-lock.ts';

const lookEveryMs = 20;
const patienceMs = 2000;

/**
 * Does something while no other phaul on this host does such a thing, which whoever locks the directory of all histories is sure of. Not done at all if that cannot be
 * had: another one, which comes later, does it then. @throws what the work throws
 */
export async function alone(base: string, work: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + patienceMs;
  let lock = tryLock(base);
  while (lock === 'taken' && performance.now() < deadline) {
    await sleep(lookEveryMs);
    lock = tryLock(base);
  }
  if (lock !== 'taken') await work().finally(lock?.release);
}

/** Null: there is nothing to lock, because nothing is remembered yet, or nothing can be. */
function tryLock(base: string): FileLock | 'taken' | null {
  try {
    return lockDirectory(base) ?? 'taken';
  } catch {
    return null;
  }
}
