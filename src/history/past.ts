import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ResultEvent } from '../observe/events.ts';
import { type End, readEnd } from './end.ts';
import { historyBase, ownerOf } from './places.ts';
import { readResult } from './read-events.ts';

/** A migration that has ended, as one host remembers it. */
export interface Past {
  readonly end: End;
  /** What phaul said at its end; null on the target, or if it was killed. */
  readonly result: ResultEvent | null;
}

/** Null: it has not ended. */
export async function readPast(directory: string): Promise<Past | null> {
  const end = readEnd(directory);
  return end && { end, result: await readResult(directory) };
}

/** Those that this host remembers, the last begun first. */
export async function pasts(base = historyBase): Promise<Past[]> {
  const names = await readdir(base).catch(() => []);
  const all = names.filter((name) => ownerOf(name) !== null).map((name) => readPast(join(base, name)));
  return (await Promise.all(all))
    .filter((each) => each !== null)
    .sort((one, other) => other.end.since.localeCompare(one.end.since));
}
