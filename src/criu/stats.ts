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
