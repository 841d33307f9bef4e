import { pageBytes } from './wire.ts';

const zeros = Buffer.alloc(pageBytes);

/** Whether a page is all zero. Most that are not show it in their first eight bytes. */
function isZero(block: Buffer, at: number): boolean {
  return (
    block.readInt32LE(at) === 0 &&
    block.readInt32LE(at + 4) === 0 &&
    block.compare(zeros, 0, pageBytes, at, at + pageBytes) === 0
  );
}

/** Calls `each` with every run of pages that are all zero, or all not, in order. @param at where the first page is in the block, in bytes */
export function zeroRuns(
  block: Buffer,
  at: number,
  count: number,
  each: (first: number, count: number, zero: boolean) => void,
): void {
  let first = 0;
  let zero = isZero(block, at);
  for (let page = 1; page < count; page++) {
    const next = isZero(block, at + page * pageBytes);
    if (next === zero) continue;
    each(first, page - first, zero);
    [first, zero] = [page, next];
  }
  each(first, count - first, zero);
}
