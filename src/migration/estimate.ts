import { pageLimits } from './convergence.ts';
import { pageBytes } from '../pages/wire.ts';
import { predictFreeze, type RoundCost, writtenPages } from './predict.ts';

/** What was measured beforehand. */
export interface Measured {
  /** Bytes, of the container's memory and of the files that would be copied. */
  readonly memory: number;
  readonly files: number;
  readonly bytesPerSecond: number;
  /** A start of CRIU that only answers: the measure of how quick the machine is. */
  readonly criuMs: number;
  /** With iterations; null: all memory goes in the freeze. */
  readonly pagesPerSecond: number | null;
}

export interface Estimate {
  /** From the first copy of the files until the container runs on the target. */
  readonly totalMs: number;
  readonly freezeMs: number;
  /** Bytes of memory, of all rounds together. */
  readonly memory: number;
}

/** How long a live migration would take: rounds as the iterations would go, and the prediction of the freeze that they make. */
export function estimate({ memory, files, bytesPerSecond, criuMs, pagesPerSecond }: Measured): Estimate {
  const pages = memory / pageBytes;
  const msPerPage = (pageBytes * 1000) / bytesPerSecond;
  const filesMs = (files * 1000) / bytesPerSecond;
  const round = (moved: number, trackedMs: number | null): RoundCost => ({
    pages: moved,
    beforeMs: criuMs,
    sendMs: moved * msPerPage,
    filesMs: 0,
    trackedMs,
  });
  if (pagesPerSecond === null) {
    // As if all of it had been written since a round that was just now.
    const freezeMs = predictFreeze([round(pages, 1)], 1, true) ?? 0;
    return { totalMs: filesMs + freezeMs, freezeMs, memory };
  }
  const rounds = [round(pages, null)];
  const took = ({ beforeMs, sendMs }: RoundCost): number => beforeMs + sendMs;
  while (
    rounds.length < pageLimits.rounds &&
    (rounds.length === 1 || rounds.at(-1)!.pages > pageLimits.enough)
  ) {
    const sinceMs = took(rounds.at(-1)!);
    const written = Math.min(pages, (pagesPerSecond * sinceMs) / 1000);
    if (rounds.length > 1 && written > rounds.at(-1)!.pages * (1 + pageLimits.growth)) break;
    rounds.push(round(written, sinceMs));
  }
  const iterateMs = rounds.reduce((sum, each) => sum + took(each), 0);
  const sinceMs = took(rounds.at(-1)!);
  const freezeMs = predictFreeze(rounds, sinceMs, true) ?? 0;
  const moved = rounds.reduce((sum, each) => sum + each.pages, writtenPages(rounds, sinceMs) ?? 0);
  return { totalMs: filesMs + iterateMs + freezeMs, freezeMs, memory: moved * pageBytes };
}
