import type { SyncResult } from '../contracts/fs-driver.ts';
import type { CriuChoices } from '../criu/requests.ts';
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

/** Live mode: the target gets ready while the container runs. First copy of the files, devices, the runtime, CRIU. */
export async function prepare(m: Migration, plan: Plan): Promise<Prepared> {
  const { link } = plan;
  await begin(m, plan);
  // The stream is opened before the target is asked to take it. CRIU on both hosts keeps it for all rounds.
  const stream = await link.transport.openMem();
  const swrk = await startSwrk({ criuPath: m.options.criuPath, stdin: stream });
  m.undo.push('CRIU on the source', () => swrk.end());
  await link.call('attach', {});
  return { copied: await firstCopy(m, plan), swrk };
}

/** The target makes room. */
export async function begin(m: Migration, { link }: Plan): Promise<void> {
  const { start, keepImages } = m.options;
  await link.call('begin', { ...criuChoices(m), start, keepImages });
}

/** The files go there for the first time; then the devices begin and the runtime gets ready. Gives what moved. */
export async function firstCopy(m: Migration, plan: Plan): Promise<SyncResult> {
  const mapped = await plan.container.mappedFiles();
  const copied = await interruptible(m, plan.files.sync({ final: false, mapped }));
  await plan.link.call('prepare', {});
  return copied;
}
