import { PhaulError } from '../errors.ts';

/**
 * CRIU's page-server protocol (criu/page-xfer.c:33), as a dumping CRIU speaks it: a header, after ADD_F with PRESENT that many pages.
 * Native-endian, which is little-endian on all that phaul runs on.
 */
export const operations = {
  /** Pages of one task or shared-memory segment follow. Answer: one byte, whether an earlier dump has some of it. */
  open: 4,
  /** Asks that beforehand. Answer: int32. */
  parent: 5,
  add: 6,
  /** All has been sent. Answer: int32, 0. */
  close: 0x1023,
  forceClose: 0x1024,
} as const;

/** What a pagemap says of its pages (criu/include/pagemap.h). */
export const pageFlags = {
  /** Unchanged since the dump before: no contents follow. */
  parent: 1,
  /** May be put in place after the task has begun to run. */
  lazy: 2,
  /** The contents are in the pages image. */
  present: 4,
} as const;

export const pageBytes = 4096;

export interface Header {
  readonly operation: number;
  readonly flags: number;
  /** Number of pages, and of the first of them: its address / 4096. */
  readonly count: number;
  readonly page: number;
  /** Task or segment, as CRIU packs it: id << 8 | 1 (task) or 2 (shared memory). */
  readonly owner: bigint;
}

/** Bytes of a header: `u32 nr_pages` became `u64` in CRIU 4.2, with padding, and nothing negotiates it. @param criu as in CriuProbe */
export const headerBytes = (criu: number): number => (criu >= 40200 ? 32 : 24);

/** @param bytes 24 or 32 */
export function readHeader(buffer: Buffer, at: number, bytes: number): Header {
  const command = buffer.readUInt32LE(at);
  const wide = bytes === 32;
  const address = at + (wide ? 16 : 8);
  return {
    operation: command & 0xffff,
    flags: command >>> 16,
    count: wide
      ? safe(buffer.readUInt32LE(at + 8), buffer.readUInt32LE(at + 12))
      : buffer.readUInt32LE(at + 4),
    // The lowest 12 bits of an address of pages are 0.
    page: buffer.readUInt32LE(address) / pageBytes + buffer.readUInt32LE(address + 4) * 2 ** 20,
    owner: buffer.readBigUInt64LE(address + 8),
  };
}

function safe(low: number, high: number): number {
  const value = low + high * 2 ** 32;
  if (value <= 2 ** 45) return value;
  throw new PhaulError('PROTOCOL_ERROR', 'CRIU speaks of more pages than there can be.');
}

const kinds: readonly (string | undefined)[] = [undefined, 'pagemap', 'pagemap-shmem'];

/** Base name of the image that holds the owner's pagemap (criu/image-desc.c:30). @throws PROTOCOL_ERROR for an owner of no known kind */
export function imageName(owner: bigint): string {
  const kind = kinds[Number(owner & 0xffn)];
  if (kind === undefined) throw new PhaulError('PROTOCOL_ERROR', 'Pages of an unknown kind of owner.');
  return `${kind}-${owner >> 8n}`;
}
