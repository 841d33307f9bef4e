import { type Extent, zeroFlag } from './extents.ts';

/** Pages that are to be put in place, one after the other in memory and in the file. */
export interface Lot {
  readonly page: number;
  readonly count: number;
  readonly slot: number;
  readonly zero: boolean;
}

/** What one memory still lacks. Follows what its tasks do to it meanwhile. */
export interface Waiting {
  readonly pages: () => number;
  readonly has: (page: number) => boolean;
  /** Takes out the lots in a range of pages. */
  readonly cut: (page: number, end: number) => Lot[];
  /** Takes out the last so many pages, or fewer that belong together; null: there are none. */
  readonly last: (most: number) => Lot | null;
  /** Puts back what was taken out. */
  readonly giveBack: (lot: Lot) => void;
  /** The lots have moved to other addresses. */
  readonly move: (from: number, to: number, count: number) => void;
  readonly copy: () => Waiting;
  /** All of them, ascending. */
  readonly lots: () => readonly Lot[];
}

export function waiting(extents: readonly Extent[]): Waiting {
  return waitingFor(
    extents.map(({ page, count, slot, flags }) => ({ page, count, slot, zero: (flags & zeroFlag) !== 0 })),
  );
}

/** @param lots ascending; not to be used by anybody else any more */
export function waitingFor(lots: Lot[]): Waiting {
  let pages = lots.reduce((sum, { count }) => sum + count, 0);

  /** Index of the first lot that ends behind `page`. */
  const find = (page: number): number => {
    let [low, high] = [0, lots.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const lot = lots[middle];
      if (lot && lot.page + lot.count <= page) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const giveBack = (lot: Lot): void => {
    lots.splice(find(lot.page), 0, lot);
    pages += lot.count;
  };
  const cut = (page: number, end: number): Lot[] => {
    const first = find(page);
    let behind = first;
    while ((lots[behind]?.page ?? Infinity) < end) behind++;
    const taken: Lot[] = [];
    const kept: Lot[] = [];
    for (const lot of lots.slice(first, behind)) {
      const middle = part(lot, page, end);
      taken.push(middle);
      pages -= middle.count;
      for (const rest of [part(lot, lot.page, page), part(lot, end, lot.page + lot.count)])
        if (rest.count > 0) kept.push(rest);
    }
    lots.splice(first, behind - first, ...kept);
    return taken;
  };

  return {
    pages: () => pages,
    has: (page) => (lots[find(page)]?.page ?? Infinity) <= page,
    cut,
    last: (most) => {
      const lot = lots.at(-1);
      if (!lot) return null;
      const end = lot.page + lot.count;
      return cut(Math.max(lot.page, end - most), end)[0] ?? null;
    },
    giveBack,
    move: (from, to, count) => {
      for (const lot of cut(from, from + count)) giveBack({ ...lot, page: lot.page - from + to });
    },
    copy: () => waitingFor([...lots]),
    lots: () => lots,
  };
}

/** What of the lot lies in the range; its count is 0 if nothing does. */
function part({ page, count, slot, zero }: Lot, from: number, to: number): Lot {
  const start = Math.max(page, from);
  return {
    page: start,
    count: Math.max(0, Math.min(page + count, to) - start),
    slot: slot + start - page,
    zero,
  };
}
