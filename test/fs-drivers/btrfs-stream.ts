/** A stream as `btrfs send` makes it, but of any commands: what a source could send that wants to harm the target. */
export function btrfsStream(...commands: readonly Buffer[]): Buffer {
  const version = Buffer.alloc(4);
  version.writeUInt32LE(1);
  return Buffer.concat([Buffer.from('btrfs-stream\0'), version, ...commands, command(21)]);
}

/** `path`: the new subvolume's name. */
export const subvolume = (path: string, id: Buffer): Buffer =>
  command(1, text(15, path), attribute(1, id), number(2, 1));

/** `of`: the id of the subvolume that the new one is a snapshot of. */
export const snapshot = (path: string, id: Buffer, of: Buffer): Buffer =>
  command(2, text(15, path), attribute(1, id), number(2, 1), attribute(20, of), number(21, 1));

export const file = (path: string): Buffer => command(3, text(15, path), number(3, 300));

export const write = (path: string, data: Buffer): Buffer =>
  command(15, text(15, path), number(18, 0), attribute(19, data));

/** Makes `path` share the first `length` bytes of `from`, a path in the subvolume with the id `of`. */
export const clone = (path: string, length: number, of: Buffer, from: string): Buffer =>
  command(
    16,
    text(15, path),
    number(18, 0),
    number(24, length),
    attribute(20, of),
    number(21, 1),
    text(22, from),
    number(23, 0),
  );

// Numbers of commands and attributes: linux/fs/btrfs/send.h.
function command(type: number, ...attributes: readonly Buffer[]): Buffer {
  const payload = Buffer.concat(attributes);
  const header = Buffer.alloc(10);
  header.writeUInt32LE(payload.length, 0);
  header.writeUInt16LE(type, 4);
  header.writeUInt32LE(crc32c(Buffer.concat([header, payload])), 6);
  return Buffer.concat([header, payload]);
}

function attribute(type: number, value: Buffer): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt16LE(type, 0);
  header.writeUInt16LE(value.length, 2);
  return Buffer.concat([header, value]);
}

const text = (type: number, value: string): Buffer => attribute(type, Buffer.from(value));

function number(type: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return attribute(type, bytes);
}

/** As btrfs computes it: from 0, and not inverted. */
function crc32c(bytes: Buffer): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return crc >>> 0;
}
