import koffi, { type LibraryHandle } from 'koffi';
import { PhaulError } from '../errors.ts';

/** Blocks of memory in and out of zstd frames, one frame per block. The caller owns every buffer. */
export interface Zstd {
  /** Of the library, for instance 1.5.4. */
  readonly version: string;
  /**
   * Compresses `block` into the beginning of `into`, on a thread of libuv's pool.
   * Until the promise settles the caller changes neither buffer; that both stay alive is seen to here.
   * Each call in flight has a context of 0.6 MiB at most, which is kept for the next: so the caller bounds how many there are.
   * @returns the bytes written, or null if they do not fit into `into`, whose length so says what still counts as
   *   smaller. A fit to the last few bytes is null too.
   * @throws PhaulError INTERNAL if libzstd has no memory
   */
  readonly compress: (block: Uint8Array, into: Uint8Array) => Promise<number | null>;
  /**
   * Fills `into` with what `block`, one whole frame, holds. Nothing is allocated, whatever the frame says of itself.
   * Without a checksum of its own a frame that was altered may pass as other bytes; never are there more or fewer.
   * @throws PhaulError PROTOCOL_ERROR if it is not one whole frame of exactly that many bytes; `into` is then undefined
   */
  readonly decompress: (block: Uint8Array, into: Uint8Array) => void;
}

// Measured (Redis with text, 256 KiB blocks, per core): level -5 488 MB/s at ratio 2.1, -1 420 at 2.6, 1 334 at 3.0, 3 233 at 3.2.
const level = 1;
// -ZSTD_error_dstSize_tooSmall (zstd_errors.h: codes below 100 are pinned).
const TOO_SMALL = -70;
// ZSTD_MAGICNUMBER as it lies in memory. libzstd also takes skippable frames and those of zstd 0.5 to 0.7; we do not.
const magic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

let loaded: Zstd | null | undefined;

/** The system's libzstd, or null where there is none. */
export function loadZstd(): Zstd | null {
  return (loaded ??= openZstd('libzstd.so.1'));
}

/** A libzstd from 1.4 on by its file name, or null if it is not there or lacks something. */
export function openZstd(file: string): Zstd | null {
  try {
    const calls = bind(koffi.load(file));
    return {
      version: calls.version() as string,
      compress: compressor(calls),
      decompress: decompressor(calls),
    };
  } catch {
    return null;
  }
}

/** size_t is said to be int64_t, so that libzstd's errors, which are -code, arrive as negative numbers and not as bigints. */
function bind(lib: LibraryHandle) {
  return {
    version: lib.func('const char *ZSTD_versionString()'),
    errorName: lib.func('const char *ZSTD_getErrorName(int64_t code)'),
    createCCtx: lib.func('void *ZSTD_createCCtx()'),
    createDCtx: lib.func('void *ZSTD_createDCtx()'),
    frameSize: lib.func('int64_t ZSTD_findFrameCompressedSize(const void *src, size_t size)'),
    compress: lib.func(
      'int64_t ZSTD_compressCCtx(void *ctx, void *dst, size_t most, const void *src, size_t size, int level)',
    ),
    decompress: lib.func(
      'int64_t ZSTD_decompressDCtx(void *ctx, void *dst, size_t most, const void *src, size_t size)',
    ),
  };
}

type Calls = ReturnType<typeof bind>;

function compressor(calls: Calls): Zstd['compress'] {
  const idle: unknown[] = [];
  // koffi takes the buffers' addresses and holds no reference to them (call.cc, class AsyncCall): they are held here.
  const held = new Set<readonly Uint8Array[]>();
  return (block, into) =>
    new Promise((resolve, reject) => {
      const context: unknown = idle.pop() ?? present(calls.createCCtx());
      const buffers = [block, into];
      held.add(buffers);
      const done = (error: unknown, written: number): void => {
        held.delete(buffers);
        idle.push(context);
        if (error) reject(new PhaulError('INTERNAL', 'koffi could not call libzstd.', { cause: error }));
        else if (written >= 0) resolve(written);
        else if (written === TOO_SMALL) resolve(null);
        else reject(new PhaulError('INTERNAL', `libzstd: ${named(calls, written)}.`));
      };
      try {
        calls.compress.async(context, into, into.length, block, block.length, level, done);
      } catch (error) {
        done(error, 0);
      }
    });
}

function decompressor(calls: Calls): Zstd['decompress'] {
  const context: unknown = present(calls.createDCtx());
  return (block, into) => {
    if (!magic.equals(block.subarray(0, magic.length))) throw corrupt('it does not begin like a zstd frame');
    const frame = calls.frameSize(block, block.length) as number;
    if (frame !== block.length) throw corrupt(frame < 0 ? named(calls, frame) : 'it has more than one frame');
    // In one call libzstd decodes straight into `into`, and never past its end; only its streaming calls allocate windows.
    const written = calls.decompress(context, into, into.length, block, block.length) as number;
    if (written < 0) throw corrupt(named(calls, written));
    if (written !== into.length) throw corrupt(`it holds ${written} bytes instead of ${into.length}`);
  };
}

const named = (calls: Calls, code: number): string => calls.errorName(code) as string;

const corrupt = (why: string): PhaulError =>
  new PhaulError('PROTOCOL_ERROR', `A compressed block of memory cannot be used: ${why}.`);

function present(context: unknown): unknown {
  if (!context) throw new PhaulError('INTERNAL', 'libzstd has no memory for a context.');
  return context;
}
