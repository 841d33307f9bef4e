import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { decodeMm } from '../../criu-proto/messages.ts';
import { type Fill, fill } from '../pages/fill.ts';
import { receivePages } from '../pages/receive.ts';
import { seal } from '../pages/seal.ts';
import { pageStore } from '../pages/store.ts';
import { loadZstd } from '../pages/zstd.ts';

/** The container's memory on the target: one directory of images without a history, whatever the number of dumps. */
export interface Memory {
  /** Where CRIU's other images go, too. */
  readonly directory: string;
  /**
   * That dump was the last, and CRIU's other images are here: waits for its pages and makes CRIU's images of them. Gives what puts
   * in place those that may follow; null if none may. @throws what went wrong with the pages
   */
  readonly complete: (iteration: number) => Promise<Fill | null>;
  /** Takes no more pages. Idempotent. */
  readonly end: () => void;
}

/** @param options `lazy`: memory may follow after the start; `zstd`: pages may come compressed */
export async function receiveMemory(
  stream: Duplex,
  images: string,
  { lazy, zstd }: { readonly lazy: boolean; readonly zstd: boolean },
): Promise<Memory> {
  const directory = join(images, 'checkpoint');
  await mkdir(directory, { mode: 0o700 });
  const store = pageStore(directory);
  // protobufjs compiles its decoder at the first use, and the next one is in the freeze.
  decodeMm(new Uint8Array());
  const receiver = receivePages(stream, store, zstd ? loadZstd() : null);
  return {
    directory,
    complete: async (iteration) => {
      await receiver.last(iteration);
      const left = seal(directory, store.owned(), lazy);
      return left.length > 0 ? fill(left) : null;
    },
    end: () => {
      receiver.end();
      store.close();
    },
  };
}
