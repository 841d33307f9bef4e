/** One measurement of phaul and one of its rival, taken next to each other. */
export interface Pair {
  readonly phaul: number;
  readonly rival: number;
}

/** What is said about a series of pairs. */
export interface Comparison {
  /** Medians. */
  readonly phaul: number;
  readonly rival: number;
  /** phaul's median by the rival's: below 1 phaul is better. */
  readonly ratio: number;
  /** The smallest and the largest ratio of a pair. */
  readonly low: number;
  readonly high: number;
}

/**
 * The middle value; of an even number the mean of the two in the middle.
 * @throws RangeError without any values
 */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('there is no median of nothing');
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)]!;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1]!;
  return (lower + upper) / 2;
}

/** @throws RangeError without any pairs */
export function compare(pairs: readonly Pair[]): Comparison {
  const phaul = median(pairs.map((pair) => pair.phaul));
  const rival = median(pairs.map((pair) => pair.rival));
  const ratios = pairs.map((pair) => pair.phaul / pair.rival);
  return { phaul, rival, ratio: phaul / rival, low: Math.min(...ratios), high: Math.max(...ratios) };
}
