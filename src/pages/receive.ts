import type { Duplex } from 'node:stream';
import { type Deferred, deferred } from '../deferred.ts';
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
  /** The same of the last dump: whatever comes behind it is refused. */
  readonly last: (iteration: number) => Promise<void>;
  /** Ends it, in the middle of a dump too. Idempotent. */
  readonly end: () => void;
}

// In bytes. What the source does not read of the replies takes memory.
const mostUnread = 1 << 16;

export function receivePages(from: Duplex, store: PageStore, zstd: Zstd | null): PageReceiver {
  const waiting = new Set<{ readonly iteration: number; readonly done: Deferred<void> }>();
  let complete = 0;
  let failure: PhaulError | null = null;
  const fail = (error: PhaulError): void => {
    if (failure) return;
    failure = error;
    store.close();
    for (const { done } of waiting) done.reject(error);
    // That ends the source's dump.
    stream.end();
  };
  const target = pageTarget(
    store,
    (iteration) => {
      if (stream.writableLength > mostUnread)
        throw new PhaulError('PROTOCOL_ERROR', 'The source does not read what it is told of its pages.');
      complete = iteration;
      for (const one of waiting) if (one.iteration <= iteration) one.done.resolve();
      writeReply(stream, { stored: iteration });
    },
    zstd,
  );
  const stream = largeReads(from, (chunk) => {
    if (failure) return;
    try {
      target.take(chunk);
    } catch (thrown) {
      const error = asPhaulError(thrown);
      // The source learns why.
      writeReply(stream, { error });
      fail(error);
    }
  });
  stream.on('error', () => undefined);
  // A direct stream that the source has ended is open in the other direction.
  for (const event of ['end', 'close'])
    stream.on(event, () =>
      fail(new PhaulError('LINK_LOST', 'The stream of pages from the source has ended.')),
    );
  const stored = (iteration: number): Promise<void> => {
    const done = deferred<void>();
    if (iteration <= complete) done.resolve();
    else if (failure) done.reject(failure);
    else waiting.add({ iteration, done });
    return done.promise;
  };
  return {
    stored,
    last: async (iteration) => {
      target.last(iteration);
      await stored(iteration);
    },
    end: () => {
      stream.destroy();
    },
  };
}
