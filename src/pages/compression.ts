export type Encoding = 'raw' | 'zstd';

/**
 * Says of each block of memory whether to compress it: the sender asks once per block, in the order in which they are sent, and
 * tells what came of it. Blocks that need no payload (zeros) are none of its business.
 */
export interface Compression {
  /** What to do with the next block. After `zstd` the sender compresses it, and sends it raw if it does not get smaller. */
  readonly choose: () => Encoding;
  /** After each block that was compressed: its bytes, what became of them (null: not smaller), how long the call took. */
  readonly compressed: (bytes: number, written: number | null, ms: number) => void;
  /**
   * After each block, as soon as the stream takes more: its bytes, the bytes handed to the stream for it, and for how long
   * the sender did nothing but wait for the stream to drain (not for a block to be read or compressed).
   */
  readonly sent: (bytes: number, wire: number, waitedMs: number) => void;
}

/** `--compress none` and `--compress zstd`. */
export function fixedCompression(encoding: Encoding): Compression {
  return { choose: () => encoding, compressed: () => {}, sent: () => {} };
}
