import { closeSync, ftruncateSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { noRoom, writeNewFile } from '../linux/new-file.ts';
import { punchHole } from '../linux/punch-hole.ts';
import { type Extent, zeroFlag } from './extents.ts';
import { type Range, lazyRanges } from './lazy-ranges.ts';
import { pagemapImage } from './pagemap-image.ts';
import { type Owned, pagesFile } from './store.ts';
import { pageBytes, pageFlags } from './wire.ts';

/** What is left to be put in place when the task has begun to run. */
export interface Leftover {
  /** The task's pid in its own namespace, as CRIU counts. */
  readonly pid: number;
  /** The file with the contents. */
  readonly file: string;
  readonly extents: readonly Extent[];
}

/**
 * Makes CRIU's pagemaps and pages images of what the store has, in `directory`, where CRIU's other images are already. Where a file holds the
 * pages in the order of their addresses, which is so if nothing came later, it is the pages image as it is.
 * @param lazy leave for later what may wait
 * @returns what is left, if `lazy`
 */
export function seal(directory: string, owned: readonly Owned[], lazy: boolean): Leftover[] {
  return owned.flatMap((each) => {
    const task = /^pagemap-(\d+)$/.exec(each.name);
    const extents = [...final(each, task ? lazyRanges(directory, each.name) : [])];
    const inOrder = isInOrder(extents, each.slots);
    const waits = lazy ? extents.filter(({ flags }) => flags & pageFlags.lazy) : [];
    const file = inOrder ? pagesFile(each.number) : `pages-${each.number}.store`;
    if (!inOrder) {
      renameSync(join(directory, pagesFile(each.number)), join(directory, file));
      const now = lazy ? extents.filter(({ flags }) => !(flags & pageFlags.lazy)) : extents;
      copyPages(join(directory, file), join(directory, pagesFile(each.number)), now);
      if (!lazy) rmSync(join(directory, file));
    }
    // Not PRESENT: the pages image does not have it.
    const left = lazy && !inOrder ? pageFlags.lazy : pageFlags.lazy | pageFlags.present;
    const entries = joined(extents, left);
    writeNewFile(join(directory, `${each.name}.img`), pagemapImage(each.number, entries));
    return task && waits.length > 0
      ? [{ pid: Number(task[1]), file: join(directory, file), extents: waits }]
      : [];
  });
}

/** The extents, cut where what may wait ends, without the flag where it may not. */
function* final({ extents }: Owned, ranges: readonly Range[]): Generator<Extent> {
  let range = 0;
  for (let index = 0; index < extents.length(); index++) {
    let { page, count, slot, flags } = extents.at(index);
    while (flags & pageFlags.lazy && count > 0) {
      while (range < ranges.length && (ranges[range]?.end ?? 0) <= page) range++;
      const { page: start, end } = ranges[range] ?? { page: Infinity, end: Infinity };
      const part = Math.min(count, (start <= page ? end : start) - page);
      yield { page, count: part, slot, flags: start <= page ? flags : flags & ~pageFlags.lazy };
      [page, slot, count] = [page + part, slot + part, count - part];
    }
    if (count > 0) yield { page, count, slot, flags };
  }
}

function isInOrder(extents: readonly Extent[], slots: number): boolean {
  let next = 0;
  for (const { slot, count } of extents) {
    if (slot !== next) return false;
    next += count;
  }
  return next === slots;
}

/** Pagemap entries: extents that follow each other in memory are one, wherever their contents are. */
function* joined(
  extents: readonly Extent[],
  lazyFlags: number,
): Generator<{ page: number; count: number; flags: number }> {
  let entry: { page: number; count: number; flags: number } | null = null;
  for (const { page, count, flags: all } of extents) {
    const flags = all & pageFlags.lazy ? lazyFlags : all & ~zeroFlag;
    if (entry && entry.flags === flags && entry.page + entry.count === page) entry.count += count;
    else {
      if (entry) yield entry;
      entry = { page, count, flags };
    }
  }
  if (entry) yield entry;
}

const blockPages = 256;

/** Copies pages one after the other into a new file, and gives their old places back as it goes: there may be no room for both. */
function copyPages(from: string, to: string, extents: readonly Extent[]): void {
  const [input, output] = [openSync(from, 'r+'), openSync(to, 'wx', 0o600)];
  let at = 0;
  const block = Buffer.allocUnsafe(blockPages * pageBytes);
  try {
    for (const { slot, count, flags } of extents) {
      // A hole stays one.
      if (flags & zeroFlag) at += count * pageBytes;
      else
        for (let done = 0; done < count; done += blockPages) {
          const bytes = Math.min(blockPages, count - done) * pageBytes;
          const offset = (slot + done) * pageBytes;
          readSync(input, block, 0, bytes, offset);
          at += writeSync(output, block, 0, bytes, at);
          punchHole(input, offset, bytes);
        }
    }
    ftruncateSync(output, at);
  } catch (error) {
    throw noRoom(error);
  } finally {
    closeSync(input);
    closeSync(output);
  }
}
