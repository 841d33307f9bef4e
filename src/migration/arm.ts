import type { Limits } from './convergence.ts';
import type { Rounds, Stop } from './rounds.ts';

/**
 * Has the target get ready for the restore. Some runtimes take seconds for that, and what the container writes meanwhile would all go in the freeze: if it took
 * longer than the last round, further ones follow, until one is as small as that was. But a runtime that is ready does not wait for ever.
 * @param ready asks the target, and resolves when it is ready
 * @param stop why the rounds so far have ended
 * @returns why the last ones have
 */
export async function armTarget(
  { drive, iterations }: Pick<Rounds, 'drive' | 'iterations'>,
  ready: () => Promise<unknown>,
  limits: Limits,
  stop: Stop,
): Promise<Stop> {
  const began = performance.now();
  await ready();
  const tookMs = performance.now() - began;
  const last = iterations.at(-1);
  if (!last || tookMs <= last.roundMs) return stop;
  return drive({ ...limits, enough: Math.max(limits.enough, last.pages) }, 2 * tookMs);
}
