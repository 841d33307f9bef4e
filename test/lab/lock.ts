import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { cacheDirectory } from './paths.ts';

const patienceSeconds = 300;

/**
 * Runs `work` while no other process sets up or clears away a lab of the same kind, or builds what such labs are made from.
 *
 * The kernel holds the lock on our open directory (flock(2)) and drops it with the process, however that ends.
 * @param path that directory, made if it is missing
 * @throws if the lock is not free within five minutes
 */
export async function withLock<T>(work: () => Promise<T>, path = cacheDirectory): Promise<T> {
  mkdirSync(path, { recursive: true });
  const directory = openSync(path, 'r');
  try {
    await take(directory, path);
    return await work();
  } finally {
    closeSync(directory);
  }
}

async function take(directory: number, path: string): Promise<void> {
  if (await flock(directory, '--nonblock')) return;
  console.error('lab: waiting for another process that sets up a lab');
  if (!(await flock(directory, '--timeout', String(patienceSeconds)))) {
    throw new Error(`another process has held the lock on ${path} for ${patienceSeconds} s`);
  }
}

/** flock(1) locks the open file that it shares with us, so the lock stays ours when it has ended. */
async function flock(directory: number, ...options: string[]): Promise<boolean> {
  const child = spawn('flock', [...options, '3'], { stdio: ['ignore', 'ignore', 'inherit', directory] });
  const [exitCode] = await once(child, 'exit');
  return exitCode === 0;
}
