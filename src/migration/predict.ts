/** What one memory iteration cost. Times in ms. */
export interface RoundCost {
  /** Pages with contents that were sent. */
  readonly pages: number;
  /** Until the first page: CRIU finds the tasks, stops them, reads their mappings and finds what has been written. */
  readonly beforeMs: number;
  /** From then on until the target had stored everything. */
  readonly sendMs: number;
  /** The fs sync that followed. */
  readonly filesMs: number;
  /** Since CRIU began to track the writes that this round sent; null: it sent everything. */
  readonly trackedMs: number | null;
}

// What the freeze costs that no round does. On the source, in units of what a round costs before its first page: descriptors, sockets, namespaces.
// On the target, in units of what CRIU takes there to make a small task anew (service/rehearse.ts): the container's tasks, the commit, the words between
// the hosts. Both are medians over migrations between emulated machines, idle and busy, and scatter by a quarter (docs/benchmarks.md).
const dumpBeyondRound = 2;
const restoreInRehearsals = 2.4;
// A rehearsal in units of the other, where the target does not say: the same migrations' median.
const rehearsalInBefores = 4;

/**
 * How many pages a dump would find written, if they are written as quickly as before the last round; null if that is not known: the first round sends
 * everything.
 * @param sinceMs since CRIU began to track writes for the last time
 */
export function writtenPages(rounds: readonly RoundCost[], sinceMs: number): number | null {
  const last = rounds.at(-1);
  if (!last || last.trackedMs === null) return null;
  return (last.pages * sinceMs) / last.trackedMs;
}

/**
 * How long the container would stand still if it were frozen now, in ms, from what this very migration has measured; null if not enough has been.
 * The cheapest round, + pages written meanwhile beyond that round's ÷ rate of the page path, + the last of the files, + what only the freeze costs.
 * @param sinceMs since CRIU began to track writes for the last time
 * @param filesBeside the last files go beside the dump, and not after it: the longer of the two counts
 * @param restoreMs what a small restore takes on the target; null: nobody knows
 */
export function predictFreeze(
  rounds: readonly RoundCost[],
  sinceMs: number,
  filesBeside: boolean,
  restoreMs: number | null = null,
): number | null {
  // After the first round nobody knows yet how quickly pages are written.
  const written = writtenPages(rounds, sinceMs);
  const last = rounds.at(-1);
  if (!last || written === null) return null;
  const bySize = rounds.toSorted((one, other) => one.pages - other.pages);
  const [least, most] = [bySize[0]!, bySize.at(-1)!];
  const spread = most.pages - least.pages;
  const msPerPage = spread === 0 ? 0 : Math.max(0, most.sendMs - least.sendMs) / spread;
  const before = median(rounds.map(({ beforeMs }) => beforeMs));
  const send = Math.max(0, least.sendMs + (written - least.pages) * msPerPage);
  const dump = least.beforeMs + send + dumpBeyondRound * before;
  const copied = filesBeside ? Math.max(dump, last.filesMs) : dump + last.filesMs;
  return copied + restoreInRehearsals * (restoreMs ?? rehearsalInBefores * before);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)]!;
}
