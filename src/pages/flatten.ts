import { PhaulError } from '../errors.ts';
import { type Extents, extents } from './extents.ts';

/** A run of places in the file. */
export interface Piece {
  /** In pages, as `count`. */
  readonly slot: number;
  readonly count: number;
  /** The flags of what was there before; null: nothing was. */
  readonly before: number | null;
}

/** One dump of one owner's memory, laid over what earlier dumps left. */
export interface Round {
  /** Pages that are as they were. @throws PROTOCOL_ERROR if they never came, or are out of order */
  readonly keep: (page: number, count: number) => void;
  /** Pages with new contents. Gives where those belong. @throws PROTOCOL_ERROR if they are out of order */
  readonly put: (page: number, count: number, flags: number) => Piece[];
  /** The dump says no more: what it did not name is gone. Gives what there is now, and the places that nobody needs any more. */
  readonly finish: () => { readonly extents: Extents; readonly dropped: readonly Piece[] };
}

/**
 * Flattening: of each page the newest contents are kept, at the place in the file that the page was given when it first came. So a page
 * that is rewritten in every dump is stored once.
 * @param before what the dump before left
 * @param slots gives a number of fresh places behind all others
 */
export function flatten(before: Extents, slots: (count: number) => number): Round {
  const now = extents();
  const dropped: Piece[] = [];
  let index = 0;
  // Of the extent at `index` so many pages have been dealt with.
  let done = 0;

  /** Calls `old` or `gap` for each part of the range, in order; what lies before the range is dropped. */
  const walk = (
    page: number,
    count: number,
    old: (page: number, count: number, slot: number, flags: number) => void,
    gap: (page: number, count: number) => void,
  ): void => {
    if (count < 1 || page < now.end())
      throw new PhaulError('PROTOCOL_ERROR', 'The pages of a dump are out of order.');
    let at = page;
    const end = page + count;
    while (at < end) {
      if (index === before.length()) {
        gap(at, end - at);
        return;
      }
      const extent = before.at(index);
      const left = extent.page + done;
      const behind = extent.page + extent.count;
      if (left < at) {
        const skipped = Math.min(behind, at) - left;
        dropped.push({ slot: extent.slot + done, count: skipped, before: extent.flags });
        done += skipped;
      } else if (left > at) {
        const empty = Math.min(left, end) - at;
        gap(at, empty);
        at += empty;
        continue;
      } else {
        const shared = Math.min(behind, end) - at;
        old(at, shared, extent.slot + done, extent.flags);
        done += shared;
        at += shared;
      }
      if (done === extent.count) [index, done] = [index + 1, 0];
    }
  };

  return {
    keep: (page, count) =>
      walk(page, count, now.push, () => {
        throw new PhaulError('PROTOCOL_ERROR', 'A dump keeps pages that never came.');
      }),
    put: (page, count, flags) => {
      const pieces: Piece[] = [];
      walk(
        page,
        count,
        (at, shared, slot, old) => {
          now.push(at, shared, slot, flags);
          pieces.push({ slot, count: shared, before: old });
        },
        (at, empty) => {
          const slot = slots(empty);
          now.push(at, empty, slot, flags);
          pieces.push({ slot, count: empty, before: null });
        },
      );
      return pieces;
    },
    finish: () => {
      for (; index < before.length(); [index, done] = [index + 1, 0]) {
        const { slot, count, flags } = before.at(index);
        dropped.push({ slot: slot + done, count: count - done, before: flags });
      }
      return { extents: now, dropped };
    },
  };
}
