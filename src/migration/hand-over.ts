import type { SyncResult } from '../contracts/fs-driver.ts';
import { sendImages } from '../criu/image-stream.ts';
import type { Frozen } from './freeze.ts';
import type { Armed } from './iterate.ts';
import { interruptible, type Migration } from './migration.ts';
import type { Plan } from './preflight.ts';
import { nowAsked } from './take-over.ts';

/** Transfer: CRIU's images (the pages went during the dump) and the last of the files, bytes of each; this host lets go of the devices. */
export async function transfer(
  m: Migration,
  plan: Plan,
  armed: Armed,
  frozen: Frozen,
): Promise<{ images: number; files: SyncResult }> {
  const [images, files] = await interruptible(
    m,
    Promise.all([sendImages(armed.directory, armed.images), frozen.files, plan.devices.settled()]),
  );
  return { images, files };
}

/** Restore: the tasks come into being on the target, and wait. This checkpoint is the last: nothing follows it. */
export async function restore(m: Migration, plan: Plan, armed: Armed): Promise<void> {
  await Promise.all([
    nowAsked(m, plan),
    plan.link.call('checkpoint', { iteration: armed.iteration, last: true }),
  ]);
}
