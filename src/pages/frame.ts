import { PhaulError } from '../errors.ts';

// phaul's own framing of pages on the mem channel; docs/protocol.md. Little-endian:
//   u8 kind, u8 coding, u16 flags, u32 payload bytes, u64 number or owner, u32 pages, u32 0

export const frameBytes = 24;

export const frameKinds = {
  /** Dump `number` begins. */
  iteration: 1,
  /** Pages of one owner follow. */
  open: 2,
  pages: 3,
  /** The dump is complete. */
  end: 4,
} as const;

/** How the contents of pages are written. */
export const codings = { raw: 0, zero: 1, zstd: 2 } as const;

export interface Frame {
  readonly kind: number;
  readonly coding: number;
  /** As in CRIU's pagemap. */
  readonly flags: number;
  /** Bytes that follow. */
  readonly payload: number;
  /** Pages: number of the first (address / 4096). Iteration, end: the iteration's. */
  readonly number: number;
  /** Open: whose pages. */
  readonly owner: bigint;
  readonly count: number;
}

/** No frame has more contents than this, so that a block fits in memory. In bytes. */
export const longestPayload = 1 << 20;

export function writeFrame(buffer: Buffer, at: number, frame: Partial<Frame> & { kind: number }): void {
  const { kind, coding = 0, flags = 0, payload = 0, number = 0, owner, count = 0 } = frame;
  buffer[at] = kind;
  buffer[at + 1] = coding;
  buffer.writeUInt16LE(flags, at + 2);
  buffer.writeUInt32LE(payload, at + 4);
  if (owner !== undefined) buffer.writeBigUInt64LE(owner, at + 8);
  else {
    buffer.writeUInt32LE(number % 2 ** 32, at + 8);
    buffer.writeUInt32LE(Math.floor(number / 2 ** 32), at + 12);
  }
  buffer.writeUInt32LE(count, at + 16);
  buffer.writeUInt32LE(0, at + 20);
}

/** @throws PROTOCOL_ERROR for what cannot be */
export function readFrame(buffer: Buffer, at: number): Frame {
  const payload = buffer.readUInt32LE(at + 4);
  const high = buffer.readUInt32LE(at + 12);
  const kind = buffer[at] ?? 0;
  if (payload > longestPayload) throw new PhaulError('PROTOCOL_ERROR', 'A frame of pages is too long.');
  if (kind !== frameKinds.open && high >= 2 ** 20)
    throw new PhaulError('PROTOCOL_ERROR', 'A frame of pages has an impossible number.');
  return {
    kind,
    coding: buffer[at + 1] ?? 0,
    flags: buffer.readUInt16LE(at + 2),
    payload,
    number: buffer.readUInt32LE(at + 8) + high * 2 ** 32,
    owner: buffer.readBigUInt64LE(at + 8),
    count: buffer.readUInt32LE(at + 16),
  };
}
