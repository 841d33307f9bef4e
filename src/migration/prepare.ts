import type { CriuChoices } from '../criu/requests.ts';
import type { SyncResult } from '../contracts/fs-driver.ts';
import { interruptible, type Migration } from './migration.ts';
import type { Plan } from './preflight.ts';

/** How CRIU is used, on both hosts. */
export function criuChoices(m: Migration): CriuChoices {
  const { shellJob, tcp, autoDedup } = m.options;
  return { shellJob, tcp: tcp ? 'keep' : 'close', autoDedup };
}

/** The target gets ready while the container runs: first copy of the files, devices, the runtime. Gives what the copy moved. */
export async function prepare(m: Migration, plan: Plan): Promise<SyncResult> {
  const { link } = plan;
  await link.call('begin', {
    ...criuChoices(m),
    leaveStopped: !m.options.start,
    keepImages: m.options.keepImages,
  });
  const copied = await interruptible(m, plan.fs.sync(link.transport.openFs, { final: false, mapped: [] }));
  await link.call('prepare', {});
  return copied;
}
