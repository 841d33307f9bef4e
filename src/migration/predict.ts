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

// What the freeze costs that no round does, in units of what a round costs before its first page: descriptors, sockets, namespaces and cgroups on
// the source, and making all of it anew on the target. Fitted to three migrations of 16, 32 and 256 MiB between virtual machines, where it came out at
// 3.3 to 4.2 (docs/benchmarks.md). It grows and shrinks with the speed of the machines as that unit does.
const beyondARound = 3.5;

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
 * What a dump costs before its first page + pages written meanwhile ÷ rate of the page path, + the last of the files, + what only the freeze costs.
 * @param sinceMs since CRIU began to track writes for the last time
 * @param filesBeside the last files go beside the dump, and not after it: the longer of the two counts
 */
export function predictFreeze(
  rounds: readonly RoundCost[],
  sinceMs: number,
  filesBeside: boolean,
): number | null {
  const last = rounds.at(-1);
  const largest = rounds.reduce<RoundCost | undefined>(
    (most, round) => (most && most.pages >= round.pages ? most : round),
    undefined,
  );
  // After the first round nobody knows yet how quickly pages are written.
  const written = writtenPages(rounds, sinceMs);
  if (!last || written === null || !largest) return null;
  const msPerPage = largest.pages === 0 ? 0 : largest.sendMs / largest.pages;
  const before = Math.min(...rounds.map(({ beforeMs }) => beforeMs));
  const dump = before + written * msPerPage;
  const copied = filesBeside ? Math.max(dump, last.filesMs) : dump + last.filesMs;
  return copied + beyondARound * before;
}
