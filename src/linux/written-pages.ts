import { open, readFile, writeFile } from 'node:fs/promises';

/** How quickly processes write to their memory. */
export interface WriteRate {
  readonly pagesPerSecond: number;
  /** Pages that had been written before count only once: it may be more. */
  readonly atLeast: boolean;
}

const pageSize = 4096;

/**
 * Watches for a while which pages are written, on a kernel that tracks that. What another tool tracks is left alone: only where
 * nobody has ever begun to track (proc_pid_smaps(5), VmFlags: sd), tracking is begun anew, which such a tool would notice.
 * @param watched the while
 */
export async function writeRate(
  pids: readonly number[],
  watched: () => Promise<unknown>,
): Promise<WriteRate> {
  const fresh = (await Promise.all(pids.map(isUntracked))).every((is) => is);
  if (fresh)
    await Promise.all(pids.map((pid) => writeFile(`/proc/${pid}/clear_refs`, '4').catch(() => undefined)));
  const before = fresh ? 0 : await writtenPages(pids);
  const began = performance.now();
  await watched();
  const written = (await writtenPages(pids)) - before;
  const seconds = (performance.now() - began) / 1000;
  return { pagesPerSecond: Math.max(0, written) / seconds, atLeast: !fresh };
}

async function isUntracked(pid: number): Promise<boolean> {
  return untracked(await readFile(`/proc/${pid}/smaps`, 'utf8').catch(() => ''));
}

// The kernel's own, in every process.
const special = /\[(vvar|vvar_vclock|vdso|vsyscall)\]$/;
// execve(2) makes it somewhere else and moves it, by which it loses the flag (seen with Linux 6.12).
const stack = /\[stack\]$/;
// Address space that is only reserved, and can be terabytes.
const reserved = /^\S+ ---p /;

/** @param smaps all mappings of a process */
export function untracked(smaps: string): boolean {
  const mappings = smaps.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m).filter((text) => {
    const [head = ''] = text.split('\n');
    return !special.test(head) && !stack.test(head);
  });
  return mappings.every((text) => / sd( |$)/.test(/^VmFlags:(.*)$/m.exec(text)?.[1] ?? ' sd'));
}

async function writtenPages(pids: readonly number[]): Promise<number> {
  const counts = await Promise.all(pids.map((pid) => writtenIn(pid).catch(() => 0)));
  return counts.reduce((sum, count) => sum + count, 0);
}

const entryBytes = 8;
const mostEntries = 1 << 16;

async function writtenIn(pid: number): Promise<number> {
  const maps = await readFile(`/proc/${pid}/maps`, 'utf8');
  const pagemap = await open(`/proc/${pid}/pagemap`);
  try {
    let written = 0;
    const buffer = Buffer.alloc(mostEntries * entryBytes);
    for (const line of maps
      .split('\n')
      .filter((each) => each !== '' && !special.test(each) && !reserved.test(each))) {
      const [from = 0, to = 0] = (line.split(' ')[0] ?? '')
        .split('-')
        .map((text) => parseInt(text, 16) / pageSize);
      for (let page = from; page < to; page += mostEntries) {
        const length = Math.min(mostEntries, to - page) * entryBytes;
        const { bytesRead } = await pagemap.read(buffer, 0, length, page * entryBytes);
        written += countWritten(buffer.subarray(0, bytesRead));
      }
    }
    return written;
  } finally {
    await pagemap.close();
  }
}

// Of the upper half of an entry (Documentation/admin-guide/mm/pagemap.rst): soft-dirty; a page of a file or shared; swapped; present.
const softDirty = 1 << 23;
const shared = 1 << 29;
const swapped = 1 << 30;
const present = 1 << 31;

/** Pages of a process's own that have been written since tracking began. @param entries as /proc/PID/pagemap has them, on a little-endian machine */
export function countWritten(entries: Buffer): number {
  let count = 0;
  for (let at = 4; at < entries.length; at += entryBytes) {
    const flags = entries.readInt32LE(at);
    if (flags & softDirty && flags & (present | swapped) && !(flags & shared)) count++;
  }
  return count;
}
