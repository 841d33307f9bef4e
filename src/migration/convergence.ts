/** When to stop iterating. P.Haul's rules and limits (phaul/iters.py). */
export interface Limits {
  /** A round that moved this much or less leaves nothing worth another. */
  readonly enough: number;
  /** Growth against the round before, as a fraction, from which on more rounds do not help. */
  readonly growth: number;
  readonly rounds: number;
}

export type Verdict = { readonly stop: false } | { readonly stop: true; readonly reason: string };

/** Live mode: 64 pages, 10 %, 8 iterations. */
export const pageLimits: Limits = { enough: 64, growth: 0.1, rounds: 8 };

/** Revive mode: 1 MiB of changed contents, 10 %, 8 iterations (phaul/iters.py counts the bytes that rsync moved). */
export const fileLimits: Limits = { enough: 2 ** 20, growth: 0.1, rounds: 8 };

/**
 * Whether another round is worth it, and if not, why.
 * @param moved what each round so far really moved, the first (which moves everything) included.
 * @param amount writes what was moved, for the reason: `64 pages`.
 */
export function converged(
  moved: readonly number[],
  limits: Limits,
  amount: (moved: number) => string,
): Verdict {
  const last = moved.at(-1);
  if (last === undefined) return limits.rounds > 0 ? { stop: false } : stop('no iterations were asked for');
  if (last <= limits.enough) return stop(`the last iteration moved only ${amount(last)}`);
  const before = moved.at(-2);
  if (before !== undefined && last > before * (1 + limits.growth))
    return stop(`the iterations no longer shrink (${amount(before)} → ${amount(last)})`);
  if (moved.length >= limits.rounds) return stop(`${moved.length} is the limit of iterations`);
  return { stop: false };
}

function stop(reason: string): Verdict {
  return { stop: true, reason };
}
