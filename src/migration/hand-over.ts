import type { SyncResult } from '../contracts/fs-driver.ts';
import { sendImages } from '../criu/image-stream.ts';
import type { Frozen } from './freeze.ts';
import type { Armed } from './iterate.ts';
import { interruptible, journalOf, type Migration } from './migration.ts';
import type { Plan } from './preflight.ts';

/** Transfer: CRIU's images (the pages went during the dump) and the last of the files. Bytes of each. */
export async function transfer(
  m: Migration,
  armed: Armed,
  frozen: Frozen,
): Promise<{ images: number; files: SyncResult }> {
  const [images, files] = await interruptible(
    m,
    Promise.all([sendImages(armed.directory, armed.images), frozen.files]),
  );
  return { images, files };
}

/** Restore: the tasks come into being on the target, and wait. This checkpoint is the last: nothing follows it. */
export async function restore(m: Migration, plan: Plan, armed: Armed): Promise<void> {
  await Promise.all([
    journalOf(m).record('asked'),
    plan.link.call('checkpoint', { iteration: armed.iteration, last: true }),
  ]);
}
