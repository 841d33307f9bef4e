import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { PhaulError } from '../errors.ts';
import { byteReader } from './byte-reader.ts';

// A file: name's length (u16), name, size (u64), contents. A name of length 0 ends the stream. Big-endian. docs/protocol.md.
const headerBytes = 2;
const sizeBytes = 8;
const safeName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,200}$/;

/** Sends CRIU's images of one dump (*.img; not the logs and statistics) and the end mark. Gives the bytes sent. */
export async function sendImages(directory: string, stream: Socket): Promise<number> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.img'));
  let total = 0;
  for (const name of names) {
    const { size } = await stat(join(directory, name));
    const head = Buffer.alloc(headerBytes + name.length + sizeBytes);
    head.writeUInt16BE(name.length);
    head.write(name, headerBytes, 'latin1');
    head.writeBigUInt64BE(BigInt(size), headerBytes + name.length);
    await write(stream, head);
    if (size > 0)
      for await (const chunk of createReadStream(join(directory, name))) await write(stream, chunk as Buffer);
    total += head.length + size;
  }
  await write(stream, Buffer.alloc(headerBytes));
  return total + headerBytes;
}

/**
 * Writes the images that arrive into `directory`, up to the end mark. Gives the number of files.
 * @throws PROTOCOL_ERROR for a name that is not a plain file name, a file sent twice, or a stream that ends early.
 */
export async function receiveImages(directory: string, stream: Socket): Promise<number> {
  const reader = byteReader(stream);
  const seen = new Set<string>();
  for (;;) {
    const length = (await reader.exactly(headerBytes)).readUInt16BE();
    if (length === 0) return seen.size;
    const name = (await reader.exactly(length)).toString('latin1');
    if (!safeName.test(name) || seen.has(name))
      throw new PhaulError('PROTOCOL_ERROR', 'An image has an impossible name.');
    seen.add(name);
    const size = Number((await reader.exactly(sizeBytes)).readBigUInt64BE());
    const file = createWriteStream(join(directory, name), { flags: 'wx', mode: 0o600 });
    for await (const chunk of reader.upTo(size)) if (!file.write(chunk)) await drained(file);
    await new Promise<void>((resolve, reject) => file.on('error', reject).end(resolve));
  }
}

async function write(stream: Socket, chunk: Buffer): Promise<void> {
  if (!stream.write(chunk)) await drained(stream);
}

function drained(stream: NodeJS.WritableStream): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (settle: () => void) => () => {
      stream.off('drain', ok).off('error', bad).off('close', bad);
      settle();
    };
    const ok = done(resolve);
    const bad = done(() => reject(new PhaulError('LINK_LOST', 'A stream to the other host closed early.')));
    stream.on('drain', ok).on('error', bad).on('close', bad);
  });
}
