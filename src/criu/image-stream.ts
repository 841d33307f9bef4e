import { closeSync, createReadStream, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { join } from 'node:path';
import { PhaulError } from '../errors.ts';
import { newFile, noRoom } from '../linux/new-file.ts';
import { byteReader } from './byte-reader.ts';

// A file: name's length (u16), name, size (u64), contents. A name of length 0 ends the stream. Big-endian. docs/protocol.md.
const lengthBytes = 2;
const sizeBytes = 8;
const safeName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,200}$/;

// A dump leaves some thirty files of some hundred bytes, on a tmpfs, and the container stands still: synchronous calls take a
// millisecond for all of them, promises and streams thirty. What is larger (ghost files, pipes' contents) is streamed.
const smallBytes = 1 << 20;

// 60 MiB on a direct stream to the same machine took 350 ms in parts of 64 KiB, Node's own, and take 245 in these.
const partBytes = 1 << 20;

/** Sends CRIU's images of one dump (*.img; not the logs and statistics) and the end mark. Gives the bytes sent. */
export async function sendImages(directory: string, stream: Duplex): Promise<number> {
  const names = readdirSync(directory).filter((name) => name.endsWith('.img'));
  let total = lengthBytes;
  let batch: Buffer[] = [];
  for (const name of names) {
    const path = join(directory, name);
    const { size } = statSync(path);
    total += lengthBytes + name.length + sizeBytes + size;
    batch.push(head(name, size));
    if (size <= smallBytes) {
      batch.push(readFileSync(path));
      continue;
    }
    await write(stream, Buffer.concat(batch));
    batch = [];
    for await (const chunk of createReadStream(path, { highWaterMark: partBytes }))
      await write(stream, chunk as Buffer);
  }
  await write(stream, Buffer.concat([...batch, Buffer.alloc(lengthBytes)]));
  stream.end();
  return total;
}

/**
 * Writes the images that arrive into `directory`, up to the end mark. Gives the number of files.
 * @throws PROTOCOL_ERROR for a name that is not a plain file name, a file sent twice or bytes after the end mark, LINK_LOST for a stream that ends early,
 * DISK_FULL
 */
export async function receiveImages(directory: string, stream: Duplex): Promise<number> {
  const reader = byteReader(stream);
  const seen = new Set<string>();
  for (;;) {
    const length = (await reader.exactly(lengthBytes)).readUInt16BE();
    if (length === 0) {
      await reader.end();
      return seen.size;
    }
    const name = (await reader.exactly(length)).toString('latin1');
    if (!safeName.test(name) || seen.has(name))
      throw new PhaulError('PROTOCOL_ERROR', 'An image has an impossible name.');
    seen.add(name);
    const size = Number((await reader.exactly(sizeBytes)).readBigUInt64BE());
    await receiveFile(join(directory, name), reader.upTo(size));
  }
}

/** Synchronous, a chunk at a time: the file is on a tmpfs, and most have one chunk. */
async function receiveFile(path: string, chunks: AsyncIterable<Buffer>): Promise<void> {
  const file = newFile(path);
  try {
    for await (const chunk of chunks) writeFileSync(file, chunk);
  } catch (error) {
    throw noRoom(error);
  } finally {
    closeSync(file);
  }
}

function head(name: string, size: number): Buffer {
  const bytes = Buffer.alloc(lengthBytes + name.length + sizeBytes);
  bytes.writeUInt16BE(name.length);
  bytes.write(name, lengthBytes, 'latin1');
  bytes.writeBigUInt64BE(BigInt(size), lengthBytes + name.length);
  return bytes;
}

async function write(stream: Duplex, chunk: Buffer): Promise<void> {
  // What is written to a destroyed stream is dropped without an event.
  if (stream.destroyed) throw closedEarly();
  if (!stream.write(chunk)) await drained(stream);
}

function drained(stream: NodeJS.WritableStream): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (settle: () => void) => () => {
      stream.off('drain', ok).off('error', bad).off('close', bad);
      settle();
    };
    const ok = done(resolve);
    const bad = done(() => reject(closedEarly()));
    stream.on('drain', ok).on('error', bad).on('close', bad);
  });
}

function closedEarly(): PhaulError {
  return new PhaulError('LINK_LOST', 'A stream to the other host closed early.');
}
