import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lockFile } from '../linux/file-lock.ts';

const lookEveryMs = 20;
const patienceMs = 2000;

/**
 * Does something while no other phaul on this host does such a thing. Not done at all if that cannot be had: another one, which comes later, does it
 * then. @throws what the work throws, and what the file system says
 */
export async function alone(base: string, work: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + patienceMs;
  let lock = lockFile(join(base, '.lock'), true);
  while (!lock && performance.now() < deadline) {
    await sleep(lookEveryMs);
    lock = lockFile(join(base, '.lock'), true);
  }
  if (lock) await work().finally(lock.release);
}
