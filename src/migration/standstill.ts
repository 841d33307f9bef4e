import { PhaulError } from '../errors.ts';
import type { Migration } from './migration.ts';

export interface Standstill {
  /** How long it has lasted, in milliseconds. */
  readonly ms: () => number;
  /** It was none, or is over. */
  readonly over: () => void;
}

/** The container stands still from now on. If that takes longer than --timeout, everything is undone. */
export function standstill(m: Migration): Standstill {
  const since = performance.now();
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
  return { ms: () => performance.now() - since, over: () => clearTimeout(limit) };
}
