import { type Clock, realClock } from '../observe/clock.ts';
import type { PageSource } from '../pages/source.ts';
import type { Files } from './files.ts';
import type { Migration } from './migration.ts';

export interface Round {
  readonly iteration: number;
  /** Null: nobody knows. */
  readonly expectedPages: number | null;
}

type Watcher = Pick<Migration, 'emit'>;

const intervalMs = 250;

/** Does the work of a round, and tells meanwhile, and at its end, how far its memory is. */
export function watching<T>(
  m: Watcher,
  { sent }: Pick<PageSource, 'sent'>,
  { iteration, expectedPages }: Round,
  work: () => Promise<T>,
  clock: Clock = realClock,
): Promise<T> {
  const before = sent();
  let pages = 0;
  const rate = rateOf(clock);
  const tell = (): void => {
    const total = sent();
    const bytes = total.bytes - before.bytes;
    if (total.pages - before.pages === pages && bytes === rate.last()) return;
    pages = total.pages - before.pages;
    m.emit({ type: 'progress', iteration, expectedPages, pages, bytes, bytesPerSecond: rate.at(bytes) });
  };
  return telling(tell, work, clock);
}

/** The same files, whose syncs tell meanwhile how far they are, as far as their drivers say. */
export function watchingFiles(m: Watcher, files: Files, clock: Clock = realClock): Files {
  return {
    ...files,
    sync: (round) => {
      let bytes = 0;
      const rate = rateOf(clock);
      const tell = (): void => {
        if (bytes === rate.last()) return;
        m.emit({ type: 'copying', bytes, bytesPerSecond: rate.at(bytes) });
      };
      const moved = (more: number): unknown => (bytes += more);
      return telling(tell, () => files.sync({ ...round, moved }), clock);
    },
  };
}

async function telling<T>(tell: () => void, work: () => Promise<T>, clock: Clock): Promise<T> {
  const stop = clock.every(intervalMs, tell);
  try {
    return await work();
  } finally {
    stop();
    tell();
  }
}

/** How quickly bytes go, in bytes per second, since it was asked last. */
function rateOf(clock: Clock): { readonly last: () => number; readonly at: (bytes: number) => number } {
  let told = { at: clock.now(), bytes: 0 };
  return {
    last: () => told.bytes,
    at: (bytes) => {
      const now = clock.now();
      const rate = Math.round((bytes - told.bytes) / (Math.max(now - told.at, 1) / 1000));
      told = { at: now, bytes };
      return rate;
    },
  };
}
