import { sharedByFork } from '../linux/processes.ts';
import { sized } from '../observe/amounts.ts';
import type { Migration } from './migration.ts';

// More than this part of the memory twice may be more than the target or the container's own limit has.
const mostTwice = 0.1;

/** Whether memory is to follow after the start: as the user says, else unless it costs something. */
export async function mayFollow(
  { options, say }: Migration,
  pids: readonly number[],
  memory: number,
): Promise<boolean> {
  if (options.restore !== undefined) return options.restore === 'lazy';
  // Images that are kept must be whole.
  if (options.keepImages) return false;
  const twice = await sharedByFork(pids);
  if (twice <= memory * mostTwice) return true;
  // What follows is put in place in each process by itself; CRIU's eager restore compares, and lets them share again (criu/mem.c).
  say(
    'log',
    `All memory is put in place before the start: forked processes share ${sized(twice)} of it, and would not any more.`,
  );
  return false;
}
