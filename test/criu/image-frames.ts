/** One file as it is on the wire of images. */
export function imageFile(
  name: string | Buffer,
  contents: string | Buffer,
  size: bigint = BigInt(contents.length),
): Buffer {
  const bytes = Buffer.from(name as string, 'latin1');
  const head = Buffer.alloc(2);
  head.writeUInt16BE(bytes.length);
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(size);
  return Buffer.concat([head, bytes, length, Buffer.from(contents as string)]);
}

export const endMark: Buffer = Buffer.alloc(2);
