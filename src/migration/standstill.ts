import { PhaulError } from '../errors.ts';
import type { Migration } from './migration.ts';

/** The container stands still from now on: gives the clock, in ms. If that takes longer than --timeout, everything is undone. */
export function standstill(m: Migration, since = performance.now()): () => number {
  const { timeout } = m.options;
  const limit = setTimeout(
    () =>
      m.abort(
        new PhaulError(
          'TIMEOUT',
          `The container has stood still for ${timeout} s, which is as long as --timeout allows.`,
        ),
      ),
    timeout * 1000,
  );
  // An abort after the commit has no effect, and the timer keeps no process alive.
  limit.unref();
  return () => performance.now() - since;
}
