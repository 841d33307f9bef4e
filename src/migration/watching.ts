import { type Clock, realClock } from '../observe/clock.ts';
import type { PageSource } from '../pages/source.ts';
import type { Migration } from './migration.ts';

export interface Round {
  readonly iteration: number;
  /** Null: nobody knows. */
  readonly expectedPages: number | null;
}

const intervalMs = 250;

/** Does the work of a round, and tells meanwhile, and at its end, how far its memory is. */
export async function watching<T>(
  m: Pick<Migration, 'emit'>,
  { sent }: Pick<PageSource, 'sent'>,
  { iteration, expectedPages }: Round,
  work: () => Promise<T>,
  clock: Clock = realClock,
): Promise<T> {
  const before = sent();
  let told = { at: clock.now(), pages: 0, bytes: 0 };
  const tell = (): void => {
    const total = sent();
    const next = { at: clock.now(), pages: total.pages - before.pages, bytes: total.bytes - before.bytes };
    if (next.pages === told.pages && next.bytes === told.bytes) return;
    const seconds = Math.max(next.at - told.at, 1) / 1000;
    const bytesPerSecond = Math.round((next.bytes - told.bytes) / seconds);
    m.emit({
      type: 'progress',
      iteration,
      expectedPages,
      pages: next.pages,
      bytes: next.bytes,
      bytesPerSecond,
    });
    told = next;
  };
  const stop = clock.every(intervalMs, tell);
  try {
    return await work();
  } finally {
    stop();
    tell();
  }
}
