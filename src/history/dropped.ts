import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { sum, type Tally } from './tally.ts';

const totals = z.record(
  z.string().regex(/^[a-z_]+\{[a-z]+="[^"\\\n]*"(,[a-z]+="[^"\\\n]*")*\}$/),
  z.number().nonnegative(),
);

const totalsFile = (base: string): string => join(base, 'totals.json');

/** What those migrations have added up to that are not remembered any more: so sums go on growing. Nothing, if nobody knows. */
export function droppedTally(base: string): Tally {
  try {
    return totals.parse(JSON.parse(readFileSync(totalsFile(base), 'utf8')));
  } catch {
    return {};
  }
}

/** Before they are forgotten. @throws what the file system says */
export async function addDropped(base: string, tallies: readonly Tally[]): Promise<void> {
  const text = JSON.stringify(sum([droppedTally(base), ...tallies]));
  const unfinished = `${totalsFile(base)}.new`;
  await writeFile(unfinished, `${text}\n`, { mode: 0o600 });
  await rename(unfinished, totalsFile(base));
}
