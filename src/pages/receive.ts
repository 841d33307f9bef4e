import type { Duplex } from 'node:stream';
import { deferred } from '../deferred.ts';
import { asPhaulError, PhaulError } from '../errors.ts';
import { largeReads } from '../linux/large-reads.ts';
import { writeReply } from './replies.ts';
import type { PageStore } from './store.ts';
import { pageTarget } from './target.ts';
import type { Zstd } from './zstd.ts';

/** The target's end of the page path, at the end of one stream, for all dumps of a migration. */
export interface PageReceiver {
  /** Settles when all of that dump is stored. @throws what went wrong: PROTOCOL_ERROR, DISK_FULL, LINK_LOST */
  readonly stored: (iteration: number) => Promise<void>;
  /** Ends it, in the middle of a dump too. Idempotent. */
  readonly end: () => void;
}

export function receivePages(from: Duplex, store: PageStore, zstd: Zstd | null): PageReceiver {
  const done = new Map<number, ReturnType<typeof deferred<void>>>();
  let failure: PhaulError | null = null;
  const doneOf = (iteration: number): ReturnType<typeof deferred<void>> => {
    const one = done.get(iteration) ?? deferred<void>();
    done.set(iteration, one);
    if (failure) one.reject(failure);
    return one;
  };
  const fail = (error: PhaulError): void => {
    if (failure) return;
    failure = error;
    store.close();
    for (const one of done.values()) one.reject(error);
    // The source learns why, and the end of the stream ends its dump.
    writeReply(stream, { error });
    stream.end();
  };
  const target = pageTarget(
    store,
    (iteration) => {
      doneOf(iteration).resolve();
      writeReply(stream, { stored: iteration });
    },
    zstd,
  );
  const stream = largeReads(from, (chunk) => {
    if (failure) return;
    try {
      target.take(chunk);
    } catch (error) {
      fail(asPhaulError(error));
    }
  });
  stream.on('error', () => undefined);
  stream.on('close', () =>
    fail(new PhaulError('LINK_LOST', 'The stream of pages from the source has ended.')),
  );
  return {
    stored: (iteration) => doneOf(iteration).promise,
    end: () => {
      stream.destroy();
    },
  };
}
