/** Pages that follow each other in memory and in the file alike. */
export interface Extent {
  /** Number of the first page: its address / 4096. */
  readonly page: number;
  readonly count: number;
  /** Where the first one is in the file, in pages. */
  readonly slot: number;
  /** As in CRIU's pagemap, and `zeroFlag`. */
  readonly flags: number;
}

/** All zero: a hole in the file. */
export const zeroFlag = 0x100;

/**
 * Extents in ascending order of pages, in typed arrays: a container has as many of them as its pagemaps have entries, which can be a
 * million, and an object each would take more memory than all else that phaul has.
 */
export interface Extents {
  readonly length: () => number;
  readonly at: (index: number) => Extent;
  /** Adds one behind the last; what continues that is joined to it. */
  readonly push: (page: number, count: number, slot: number, flags: number) => void;
  /** Number of the page behind the last one. */
  readonly end: () => number;
}

export function extents(): Extents {
  let room = 64;
  let length = 0;
  let pages = new Float64Array(room);
  let counts = new Float64Array(room);
  let slots = new Float64Array(room);
  let flagWords = new Uint16Array(room);

  const grow = (): void => {
    room *= 2;
    const larger = (old: Float64Array): Float64Array<ArrayBuffer> => {
      const next = new Float64Array(room);
      next.set(old);
      return next;
    };
    [pages, counts, slots] = [larger(pages), larger(counts), larger(slots)];
    const words = new Uint16Array(room);
    words.set(flagWords);
    flagWords = words;
  };
  const value = (array: Float64Array | Uint16Array, index: number): number => array[index] ?? 0;

  return {
    length: () => length,
    at: (index) => ({
      page: value(pages, index),
      count: value(counts, index),
      slot: value(slots, index),
      flags: value(flagWords, index),
    }),
    push: (page, count, slot, flags) => {
      const last = length - 1;
      const before = last < 0 ? 0 : value(counts, last);
      const continues =
        last >= 0 &&
        value(flagWords, last) === flags &&
        value(pages, last) + before === page &&
        value(slots, last) + before === slot;
      if (continues) {
        counts[last] = before + count;
        return;
      }
      if (length === room) grow();
      pages[length] = page;
      counts[length] = count;
      slots[length] = slot;
      flagWords[length] = flags;
      length++;
    },
    end: () => (length === 0 ? 0 : value(pages, length - 1) + value(counts, length - 1)),
  };
}
