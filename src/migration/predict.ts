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

// What the freeze costs that no round does, in units of what a round costs apart from its pages (finding the tasks, stopping them, reading
// their mappings): descriptors, sockets, namespaces and cgroups on the source, and making all of it anew on the target. Measured, see
// docs/benchmarks.md. It grows and shrinks with the machine's speed as that unit does.
const beyondARound = 2;

/**
 * How long the container would stand still if it were frozen now, from what this very migration has measured; null if not enough has been.
 * Pages that were dirtied meanwhile ÷ rate of the page path, or the last of the files if that takes longer, + what every dump costs + what only the last
 * one and the restore cost.
 * @param sinceMs since CRIU began to track writes for the last time
 */
export function predictFreeze(rounds: readonly RoundCost[], sinceMs: number): number | null {
  const last = rounds.at(-1);
  const largest = rounds.reduce<RoundCost | undefined>(
    (most, round) => (most && most.pages >= round.pages ? most : round),
    undefined,
  );
  // After the first round nobody knows yet how quickly pages are dirtied.
  if (!last || last.trackedMs === null || !largest || largest.pages === 0) return null;
  const msPerPage = largest.sendMs / largest.pages;
  const dirty = (last.pages * sinceMs) / last.trackedMs;
  const bare = Math.min(...rounds.map(({ beforeMs }) => beforeMs));
  const dump = bare + dirty * msPerPage;
  return Math.max(dump, last.filesMs) + beyondARound * bare;
}
