import { mkdirSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostRole } from '../errors.ts';
import { historyBase, historyDirectory, ownerOf } from './places.ts';

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

/** Those in which nothing has been put for longest. */
export async function dropOldest(most: number, base = historyBase): Promise<void> {
  const names = (await readdir(base)).filter((name) => ownerOf(name) !== null);
  const ages = names.map(async (name) => {
    const path = join(base, name);
    return { path, touched: (await stat(path)).mtimeMs };
  });
  const all = (await Promise.all(ages)).sort((one, other) => other.touched - one.touched);
  for (const { path } of all.slice(most)) await rm(path, { recursive: true, force: true });
}
