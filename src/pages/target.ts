import { PhaulError } from '../errors.ts';
import { codings, type Frame, frameBytes, frameKinds, longestPayload, readFrame } from './frame.ts';
import type { Piece } from './flatten.ts';
import type { PageStore } from './store.ts';
import { pageBytes, pageFlags } from './wire.ts';
import type { Zstd } from './zstd.ts';

/** Takes the bytes of phaul's page stream as they come, in chunks of any size, and lays them into a store. */
export interface PageTarget {
  /** @throws PROTOCOL_ERROR, DISK_FULL; nothing more can be taken after that */
  readonly take: (chunk: Buffer) => void;
  /** No dump follows that one: not a byte may come behind it. @throws PROTOCOL_ERROR if more has come already */
  readonly last: (iteration: number) => void;
}

/**
 * @param onEnd a dump is complete, with its number
 * @param zstd null: pages do not come compressed
 */
export function pageTarget(
  store: PageStore,
  onEnd: (iteration: number) => void,
  zstd: Zstd | null,
): PageTarget {
  const head = Buffer.alloc(frameBytes);
  let headFill = 0;
  let frame: Frame | null = null;
  let left = 0;
  // The dump that is under way, the one that was complete before it, and the one that none follows.
  let dump: number | null = null;
  let complete = 0;
  let last = Infinity;
  // Raw contents go straight to where they belong: the pieces, and how many bytes of the first are filled.
  let pieces: Piece[] = [];
  let filled = 0;
  const packed = Buffer.allocUnsafeSlow(zstd ? longestPayload : 0);
  const unpacked = Buffer.allocUnsafeSlow(packed.length);

  const write = (bytes: Uint8Array): void => {
    for (let done = 0; done < bytes.length;) {
      const [piece] = pieces;
      if (!piece) throw new PhaulError('PROTOCOL_ERROR', 'More contents than pages.');
      const part = bytes.subarray(done, done + piece.count * pageBytes - filled);
      store.write(part, piece.slot * pageBytes + filled);
      done += part.length;
      filled += part.length;
      if (filled === piece.count * pageBytes) {
        pieces.shift();
        filled = 0;
      }
    }
  };

  const contents = (part: Buffer, { coding, payload }: Frame): void => {
    if (coding === codings.raw) write(part);
    else part.copy(packed, payload - left);
  };

  const finishFrame = ({ coding, payload, count }: Frame): void => {
    if (coding === codings.zstd && payload > 0) {
      const contents = unpacked.subarray(0, count * pageBytes);
      zstd?.decompress(packed.subarray(0, payload), contents);
      write(contents);
    }
    frame = null;
  };

  const begin = (next: Frame): void => {
    frame = next;
    left = next.payload;
    switch (next.kind) {
      case frameKinds.iteration:
        if (dump !== null || next.number <= complete)
          throw new PhaulError('PROTOCOL_ERROR', 'A dump begins out of order.');
        dump = next.number;
        store.iteration();
        break;
      case frameKinds.open:
        under(dump);
        store.open(next.owner);
        break;
      case frameKinds.pages:
        under(dump);
        if (next.coding === codings.zstd && !zstd)
          throw new PhaulError('PROTOCOL_ERROR', 'Compressed pages, which were not agreed upon.');
        pieces = place(store, next);
        filled = 0;
        break;
      case frameKinds.end:
        if (next.number !== under(dump))
          throw new PhaulError('PROTOCOL_ERROR', 'A dump ends that never began.');
        store.end();
        [dump, complete] = [null, next.number];
        onEnd(complete);
        break;
      default:
        throw new PhaulError('PROTOCOL_ERROR', 'A frame of pages of an unknown kind.');
    }
    if (next.kind !== frameKinds.pages && left > 0)
      throw new PhaulError('PROTOCOL_ERROR', 'Contents without pages.');
    if (left === 0) finishFrame(next);
  };

  return {
    last: (iteration) => {
      if ((dump ?? complete) > iteration) throw behindTheLast();
      last = iteration;
    },
    take: (chunk) => {
      for (let at = 0; at < chunk.length;) {
        if (frame) {
          const part = chunk.subarray(at, at + left);
          contents(part, frame);
          at += part.length;
          left -= part.length;
          if (left === 0) finishFrame(frame);
        } else if (complete >= last) {
          throw behindTheLast();
        } else if (headFill === 0 && chunk.length - at >= frameBytes) {
          begin(readFrame(chunk, at));
          at += frameBytes;
        } else {
          const part = chunk.copy(head, headFill, at, at + frameBytes - headFill);
          headFill += part;
          at += part;
          if (headFill < frameBytes) return;
          headFill = 0;
          begin(readFrame(head, 0));
        }
      }
    },
  };
}

const behindTheLast = (): PhaulError =>
  new PhaulError('PROTOCOL_ERROR', 'Pages came behind those of the last dump.');

/** The number of the dump that is under way. @throws PROTOCOL_ERROR if none is */
function under(dump: number | null): number {
  if (dump !== null) return dump;
  throw new PhaulError('PROTOCOL_ERROR', 'Pages came that belong to no dump.');
}

const knownFlags = pageFlags.parent | pageFlags.lazy | pageFlags.present;

/** Makes room for a frame of pages: where its contents go. */
function place(store: PageStore, { coding, flags, payload, number, count }: Frame): Piece[] {
  const size = count * pageBytes;
  if (flags & ~knownFlags) throw new PhaulError('PROTOCOL_ERROR', 'Pages of an unknown kind.');
  if (flags & pageFlags.parent && payload === 0) {
    store.keep(number, count);
    return [];
  }
  if (flags & pageFlags.parent) throw new PhaulError('PROTOCOL_ERROR', 'Unchanged pages with contents.');
  if (!(flags & pageFlags.present)) throw new PhaulError('PROTOCOL_ERROR', 'Pages without contents.');
  if (coding === codings.zero && payload === 0) {
    store.zero(number, count, flags);
    return [];
  }
  const fits = (coding === codings.raw && payload === size) || (coding === codings.zstd && payload > 0);
  if (!fits || size > longestPayload)
    throw new PhaulError('PROTOCOL_ERROR', 'A frame of pages contradicts itself.');
  return store.put(number, count, flags);
}
