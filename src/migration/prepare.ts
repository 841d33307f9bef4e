import type { CriuChoices } from '../criu/requests.ts';
import type { SyncResult } from '../contracts/fs-driver.ts';
import { startSwrk, type Swrk } from '../criu/swrk.ts';
import { interruptible, type Migration } from './migration.ts';
import type { Plan } from './preflight.ts';

/** How CRIU is used, on both hosts. */
export function criuChoices(m: Migration): CriuChoices {
  const { shellJob, tcp, autoDedup } = m.options;
  return { shellJob, tcp: tcp ? 'keep' : 'close', autoDedup };
}

export interface Prepared {
  /** What the first copy of the files moved. */
  readonly copied: SyncResult;
  /** CRIU on this host, with the stream of pages as its standard input. */
  readonly swrk: Swrk;
}

/** The target gets ready while the container runs: first copy of the files, devices, the runtime. */
export async function prepare(m: Migration, plan: Plan): Promise<Prepared> {
  const { link } = plan;
  await link.call('begin', {
    ...criuChoices(m),
    leaveStopped: !m.options.start,
    keepImages: m.options.keepImages,
  });
  // The stream is opened before the target is asked to take it. CRIU on both hosts keeps it for all rounds.
  const stream = await link.transport.openMem();
  const swrk = await startSwrk({ criuPath: m.options.criuPath, stdin: stream });
  m.undo.push('CRIU on the source', () => swrk.end());
  await link.call('attach', {});
  const copied = await interruptible(m, plan.fs.sync(link.transport.openFs, { final: false, mapped: [] }));
  await link.call('prepare', {});
  return { copied, swrk };
}
