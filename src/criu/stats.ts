import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CriuStats, decodeStats } from '../../criu-proto/messages.ts';

// Two magic words and the entry's length, each 4 bytes (criu/include/magic.h: IMG_SERVICE_MAGIC, STATS_MAGIC; criu/protobuf.c).
const headerBytes = 12;

/** The statistics CRIU left in `directory`; empty if it wrote none, or not all of it: the container may run by then. */
export async function readStats(directory: string, of: 'dump' | 'restore'): Promise<CriuStats> {
  const bytes = await readFile(join(directory, `stats-${of}`)).catch(() => null);
  if (!bytes || bytes.length < headerBytes) return {};
  try {
    return decodeStats(bytes.subarray(headerBytes, headerBytes + bytes.readUInt32LE(8)));
  } catch {
    return {};
  }
}

/** Memory pages of one dump: sent, and left out because an earlier dump has them unchanged. */
export interface PageCounts {
  readonly written: number;
  readonly skipped: number;
}

/**
 * Counts the pages of each dump that one swrk makes, called after each with its directory. In stats-dump they add up: a pre-dump
 * is forked off swrk and counts in memory shared with it, which the next one finds uncleared (criu/stats.c:init_stats).
 */
export function pageCounter(): (directory: string) => Promise<PageCounts> {
  let before: PageCounts = { written: 0, skipped: 0 };
  return async (directory) => {
    const { dump } = await readStats(directory, 'dump');
    if (!dump) return { written: 0, skipped: 0 };
    const total = {
      written: dump.pages_written + (dump.shpages_written ?? 0),
      skipped: dump.pages_skipped_parent,
    };
    // Less than before: a CRIU that clears them.
    const added = total.written >= before.written && total.skipped >= before.skipped;
    const counts = added
      ? { written: total.written - before.written, skipped: total.skipped - before.skipped }
      : total;
    before = total;
    return counts;
  };
}
