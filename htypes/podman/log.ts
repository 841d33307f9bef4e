import { appendFile, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { PodmanMeta } from './meta.ts';
import { arrivingLog, staticDirectory } from './places.ts';

/** What the container has said so far goes before what it says on the target. */
export interface CarriedLog {
  /** Before conmon opens the log: what has come until now. */
  readonly begin: () => Promise<void>;
  /** The rest, before the container runs. conmon only adds to the end. */
  readonly finish: () => Promise<void>;
}

export function carryLog({ log, graphRoot, id }: PodmanMeta): CarriedLog {
  const arrived = arrivingLog(graphRoot, id);
  const place = join(staticDirectory(graphRoot, id), 'ctr.log');
  let had = 0;
  const add = async (): Promise<void> => {
    if (log === null) return;
    const { size } = await stat(arrived);
    // Shorter: it was rotated meanwhile, and begins anew.
    if (size < had) had = 0;
    if (size === had) return;
    await appendFile(place, (await readFile(arrived)).subarray(had), { mode: 0o600 });
    had = size;
  };
  return { begin: add, finish: add };
}
