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
  let iteration = 0;
  // Raw contents go straight to where they belong: the pieces, and how many bytes of the first are filled.
  let pieces: Piece[] = [];
  let filled = 0;
  let packed: Buffer[] = [];
  const unpacked = Buffer.allocUnsafeSlow(zstd ? longestPayload : 0);

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

  const contents = (part: Buffer): void => {
    if (frame?.coding === codings.raw) write(part);
    else packed.push(Buffer.from(part));
  };

  const finishFrame = (): void => {
    if (frame?.coding === codings.zstd) {
      if (!zstd) throw new PhaulError('PROTOCOL_ERROR', 'Compressed pages, which were not agreed upon.');
      const contents = unpacked.subarray(0, frame.count * pageBytes);
      zstd.decompress(Buffer.concat(packed), contents);
      write(contents);
      packed = [];
    }
    frame = null;
  };

  const begin = (next: Frame): void => {
    frame = next;
    left = next.payload;
    switch (next.kind) {
      case frameKinds.iteration:
        iteration = next.number;
        store.iteration();
        break;
      case frameKinds.open:
        store.open(next.owner);
        break;
      case frameKinds.pages:
        pieces = place(store, next);
        filled = 0;
        break;
      case frameKinds.end:
        if (next.number !== iteration)
          throw new PhaulError('PROTOCOL_ERROR', 'A dump ends that never began.');
        store.end();
        onEnd(iteration);
        break;
      default:
        throw new PhaulError('PROTOCOL_ERROR', 'A frame of pages of an unknown kind.');
    }
    if (next.kind !== frameKinds.pages && left > 0)
      throw new PhaulError('PROTOCOL_ERROR', 'Contents without pages.');
    if (left === 0) finishFrame();
  };

  return {
    take: (chunk) => {
      for (let at = 0; at < chunk.length;) {
        if (frame) {
          const part = chunk.subarray(at, at + left);
          contents(part);
          at += part.length;
          left -= part.length;
          if (left === 0) finishFrame();
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

const knownFlags = pageFlags.parent | pageFlags.lazy | pageFlags.present;

/** Makes room for a frame of pages: where its contents go. */
function place(store: PageStore, { coding, flags, payload, number, count }: Frame): Piece[] {
  const size = count * pageBytes;
  if (flags & ~knownFlags) throw new PhaulError('PROTOCOL_ERROR', 'Pages of an unknown kind.');
  if (flags & pageFlags.parent && payload === 0) {
    store.keep(number, count);
    return [];
  }
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
