import { mkdirSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostRole } from '../errors.ts';
import { alone } from './alone.ts';
import { addDropped } from './dropped.ts';
import { readPast } from './past.ts';
import { historyBase, historyDirectory, ownerOf } from './places.ts';
import { tallyOf } from './tally.ts';

const mostKept = 100;

/**
 * From here on it is remembered what becomes of a migration on this host; without this nothing is. The oldest are dropped. A disk that is full, or any
 * other failure, is nobody's business: there is no history then.
 */
export function beginHistory(migration: string, role: HostRole): void {
  try {
    mkdirSync(historyDirectory(migration, role), { recursive: true, mode: 0o700 });
  } catch {
    return;
  }
  dropOldest(mostKept).catch(() => undefined);
}

/** Those in which nothing has been put for longest. What they add to the sums is kept. */
export async function dropOldest(most: number, base = historyBase): Promise<void> {
  await alone(base, () => drop(most, base));
}

async function drop(most: number, base: string): Promise<void> {
  const names = (await readdir(base)).filter((name) => ownerOf(name) !== null);
  const ages = names.map(async (name) => {
    const path = join(base, name);
    return { path, touched: (await stat(path)).mtimeMs };
  });
  const all = (await Promise.all(ages)).sort((one, other) => other.touched - one.touched);
  const old = all.slice(most).map(({ path }) => path);
  if (old.length === 0) return;
  const known = (await Promise.all(old.map(readPast))).filter((past) => past !== null);
  await addDropped(base, known.map(tallyOf));
  for (const path of old) await rm(path, { recursive: true, force: true });
}
