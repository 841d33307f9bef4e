import type { Readable } from 'node:stream';
import { PhaulError } from '../errors.ts';

/** Reads exact numbers of bytes off a stream, holding no more than one chunk and one `exactly` in memory. */
export interface ByteReader {
  /** @throws LINK_LOST if the stream ends before. */
  readonly exactly: (bytes: number) => Promise<Buffer>;
  /** The next `bytes` bytes in chunks as they come. @throws LINK_LOST if the stream ends before. */
  readonly upTo: (bytes: number) => AsyncGenerator<Buffer>;
  /** Waits for the end of the stream. @throws PROTOCOL_ERROR if there are more bytes */
  readonly end: () => Promise<void>;
}

export function byteReader(stream: Readable): ByteReader {
  const chunks = stream.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
  let rest: Buffer = Buffer.alloc(0);

  async function* upTo(bytes: number): AsyncGenerator<Buffer> {
    for (let left = bytes; left > 0;) {
      if (rest.length === 0) {
        const next = await chunks.next().catch(endedEarly);
        if (next.done) endedEarly();
        rest = next.value;
      }
      const part = rest.subarray(0, left);
      rest = rest.subarray(part.length);
      left -= part.length;
      yield part;
    }
  }

  return {
    upTo,
    end: async () => {
      if (rest.length > 0 || !(await chunks.next().catch(endedEarly)).done)
        throw new PhaulError('PROTOCOL_ERROR', 'There are bytes after the end of a stream.');
    },
    exactly: async (bytes) => {
      const parts: Buffer[] = [];
      for await (const part of upTo(bytes)) parts.push(part);
      return Buffer.concat(parts);
    },
  };
}

function endedEarly(cause?: unknown): never {
  throw new PhaulError('LINK_LOST', 'A stream from the other host ended early.', { cause });
}
