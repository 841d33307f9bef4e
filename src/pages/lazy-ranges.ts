import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CriuVma, decodeMm } from '../../criu-proto/messages.ts';
import { PhaulError } from '../errors.ts';
import { pageBytes } from './wire.ts';

/** Pages from `page` on, before `end`; numbers of pages. */
export interface Range {
  readonly page: number;
  readonly end: number;
}

// mmap's flags on x86-64 and arm64, and CRIU's kinds of areas (criu/include/image.h).
const MAP_PRIVATE = 0x2;
const MAP_ANONYMOUS = 0x20;
const MAP_LOCKED = 0x2000;
const MAP_HUGETLB = 0x40000;
// A child finds it all zero, and the kernel says nothing of that when a task forks: what had not come yet would come to the child.
const MADV_WIPEONFORK = 2 ** 18;
const kernelsOwn = (1 << 2) | (1 << 3) | (1 << 12);

// Two magic words and the length of the message.
const headBytes = 12;

/**
 * Where a task's memory may be put in place after it has begun to run: CRIU's restorer watches no other mappings
 * (vma_entry_can_be_lazy in criu/include/vma.h). A page that could wait at an earlier dump may lie in another kind of mapping now.
 * @throws PROTOCOL_ERROR if the images do not describe the task
 */
export function lazyRanges(directory: string, pagemap: string): Range[] {
  const vmas = mappings(join(directory, `${pagemap.replace('pagemap-', 'mm-')}.img`));
  const wanted = MAP_PRIVATE | MAP_ANONYMOUS;
  return vmas
    .filter(
      ({ flags, status, madv = 0 }) =>
        (flags & wanted) === wanted &&
        !(flags & (MAP_LOCKED | MAP_HUGETLB)) &&
        !(status & kernelsOwn) &&
        !(madv & MADV_WIPEONFORK),
    )
    .map(({ start, end }) => ({ page: start / pageBytes, end: end / pageBytes }));
}

function mappings(path: string): readonly CriuVma[] {
  try {
    const image = readFileSync(path);
    return decodeMm(image.subarray(headBytes, headBytes + image.readUInt32LE(8))).vmas ?? [];
  } catch (cause) {
    throw new PhaulError('PROTOCOL_ERROR', 'The images do not describe a task whose memory came.', { cause });
  }
}
