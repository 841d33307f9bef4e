import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { asPhaulError, PhaulError } from '../errors.ts';
import type { Compression } from './compression.ts';
import { codings, frameBytes, frameKinds, writeFrame } from './frame.ts';
import type { Pace } from './pace.ts';
import { pageBytes } from './wire.ts';
import { zeroRuns } from './zero-pages.ts';
import type { Zstd } from './zstd.ts';

/** Sends phaul's frames in the order in which they are given, each part of memory in the coding that pays. */
export interface Sender {
  readonly frame: (what: Parameters<typeof writeFrame>[2]) => void;
  /** Pages that lie in `block` from byte `at` on; `first` is the number of the first. The block may not change before it is done with. */
  readonly pages: (flags: number, first: number, block: Buffer, at: number, count: number) => void;
  /** All that was given may go now. `done` is called when its blocks are no longer needed. */
  readonly flush: (done?: () => void) => void;
  readonly sent: () => Sent;
}

export interface Sent {
  /** Pages with contents, those that are all zero included. */
  readonly pages: number;
  readonly zeroPages: number;
  /** Bytes on the channel. */
  readonly bytes: number;
}

export interface SenderOptions {
  readonly compression: Compression;
  /** Null: nothing is compressed, whatever `compression` says. */
  readonly zstd: Zstd | null;
  readonly pace: Pace;
}

/** What goes out in one piece. */
interface Batch {
  parts: Buffer[];
  /** Of each part of memory that the rule of compression was asked about: its bytes, and those that go out for it. */
  blocks: { memory: number; wire: number }[];
  done?: (() => void) | undefined;
}

// The unit in which is decided whether to compress: large enough for zstd and for libuv's threads, small enough to change one's mind.
// 256 KiB is as much as TLS in Node profits from, too (measured: MB per second of the sender's CPU at 16 KiB 1170, 256 KiB 1940, 4 MiB 1850).
const most = 64;

// libuv has four threads, and each call in flight takes memory.
const ahead = 4;

// Smaller than this would save too little for what it costs to put it together again.
const worthwhile = 0.9;

/** A part of memory that is to go out compressed. */
interface Compressing {
  readonly compress: () => Promise<Batch>;
  /** Null: not begun. */
  result: Promise<Batch> | null;
}

/** @param onFailure the stream takes no more, or nothing can be compressed; nothing is sent after that */
export function pageSender(
  out: Duplex,
  options: SenderOptions,
  onFailure: (error: PhaulError) => void,
): Sender {
  const { compression, zstd, pace } = options;
  const sent = { pages: 0, zeroPages: 0, bytes: 0 };
  let batch: Batch = { parts: [], blocks: [] };
  const queue: (Batch | Compressing)[] = [];
  let sending = false;

  const head = (what: Parameters<typeof writeFrame>[2]): Buffer => {
    const bytes = Buffer.allocUnsafe(frameBytes);
    writeFrame(bytes, 0, what);
    return bytes;
  };
  const close = (done?: () => void): void => {
    if (batch.parts.length > 0 || done) queue.push({ ...batch, done });
    batch = { parts: [], blocks: [] };
  };
  const compressed = async (
    what: Parameters<typeof writeFrame>[2],
    contents: Buffer,
    library: Zstd,
  ): Promise<Batch> => {
    const into = Buffer.allocUnsafe(Math.floor(contents.length * worthwhile));
    const began = performance.now();
    const length = await library.compress(contents, into);
    compression.compressed(contents.length, length, performance.now() - began);
    const payload = length === null ? contents : into.subarray(0, length);
    const coding = length === null ? codings.raw : codings.zstd;
    return {
      parts: [head({ ...what, coding, payload: payload.length }), payload],
      blocks: [{ memory: contents.length, wire: payload.length }],
    };
  };
  const contents = (flags: number, first: number, bytes: Buffer): void => {
    const what = { kind: frameKinds.pages, flags, number: first, count: bytes.length / pageBytes };
    if (zstd && compression.choose() === 'zstd') {
      close();
      queue.push({ compress: () => compressed(what, bytes, zstd), result: null });
    } else {
      batch.parts.push(head({ ...what, coding: codings.raw, payload: bytes.length }), bytes);
      batch.blocks.push({ memory: bytes.length, wire: bytes.length });
    }
  };

  /** Hands one batch to the stream. Gives for how long, in ms, there was nothing to do but to wait until it takes more. */
  const write = async ({ parts, done }: Batch): Promise<number> => {
    const last = parts.at(-1);
    if (!last) return 0;
    if (out.destroyed) throw new PhaulError('LINK_LOST', 'The stream of pages to the target has ended.');
    // Not corked: over TLS Node would copy all parts into one before it encrypts them.
    for (const part of parts.slice(0, -1)) out.write(part);
    const more = out.write(last, done);
    if (more) return 0;
    const began = performance.now();
    await drained(out);
    return performance.now() - began;
  };
  /** Compresses ahead of what is being sent, on as many threads as there are. */
  const compressAhead = (): void => {
    for (const each of queue.slice(0, ahead)) {
      if (!('compress' in each) || each.result) continue;
      each.result = each.compress();
      // Whoever sends it sees it fail.
      each.result.catch(() => undefined);
    }
  };
  const send = async (): Promise<void> => {
    for (;;) {
      compressAhead();
      const next = queue.shift();
      if (!next) break;
      const ready = 'compress' in next ? await (next.result ?? next.compress()) : next;
      const bytes = ready.parts.reduce((sum, part) => sum + part.length, 0);
      sent.bytes += bytes;
      if (ready.parts.length === 0) ready.done?.();
      const waited = await write(ready);
      ready.blocks.forEach(({ memory, wire }, index) =>
        compression.sent(memory, wire, index === ready.blocks.length - 1 ? waited : 0),
      );
      const pause = pace.went(bytes);
      if (pause > 0) await sleep(pause);
    }
    // Not a turn later: what is given in between would wait for ever.
    sending = false;
  };

  return {
    frame: (what) => void batch.parts.push(head(what)),
    pages: (flags, first, block, at, count) => {
      sent.pages += count;
      zeroRuns(block, at, count, (from, run, zero) => {
        if (zero) {
          sent.zeroPages += run;
          batch.parts.push(
            head({ kind: frameKinds.pages, coding: codings.zero, flags, number: first + from, count: run }),
          );
          return;
        }
        for (let done = 0; done < run; done += most) {
          const start = at + (from + done) * pageBytes;
          const part = Math.min(most, run - done);
          contents(flags, first + from + done, block.subarray(start, start + part * pageBytes));
        }
      });
    },
    flush: (done) => {
      close(done);
      if (sending) return;
      sending = true;
      send().catch((error: unknown) => onFailure(asPhaulError(error)));
    },
    sent: () => ({ ...sent }),
  };
}

function drained(out: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const settled = (): void => {
      out.off('drain', settled).off('close', settled);
      resolve();
    };
    out.on('drain', settled).on('close', settled);
  });
}
