import { setTimeout as sleep } from 'node:timers/promises';
import type { SyncResult } from '../contracts/fs-driver.ts';
import { sendImages } from '../criu/image-stream.ts';
import type { ErrorCode } from '../error-codes.ts';
import { asPhaulError, PhaulError } from '../errors.ts';
import { stopTree } from '../linux/processes.ts';
import type { Params, Result } from '../rpc/methods.ts';
import type { Frozen } from './freeze.ts';
import type { Armed } from './iterate.ts';
import { interruptible, type Migration } from './migration.ts';
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
export async function restore(plan: Plan, armed: Armed): Promise<void> {
  await plan.link.call('checkpoint', { iteration: armed.iteration, last: true });
}

// After these nobody here knows whether the container runs there. Every other failure is the target's word that it does not.
const uncertain: readonly ErrorCode[] = ['LINK_LOST', 'PROTOCOL_ERROR', 'TIMEOUT', 'INTERNAL'];

// Letting the tasks go takes milliseconds. A target that lives and does not answer must not keep the container frozen for ever unsaid.
const commitPatienceMs = 60_000;

/** @throws TIMEOUT */
async function inTime<T>(answer: Promise<T>): Promise<T> {
  const timer = new AbortController();
  const late = sleep(commitPatienceMs, undefined, { signal: timer.signal }).then(() => {
    throw new PhaulError(
      'TIMEOUT',
      `The target has not answered the commit for ${commitPatienceMs / 1000} s.`,
    );
  });
  late.catch(() => undefined);
  return Promise.race([answer, late]).finally(() => timer.abort());
}

/**
 * Commit: the one instant at which the container changes hands. From the moment the word is sent an abort is no longer obeyed.
 * Three ways out: the target says that it runs there; the target says that CRIU failed so late, and nothing has run there, so the
 * source may take it back; or the link breaks, and then nobody knows.
 * @throws IN_DOUBT, or the target's failure
 */
export async function commit(m: Migration, plan: Plan, frozen: Frozen): Promise<Result<'commit'>> {
  // The seat of the journal's record on the source: durable before the word is sent.
  if (m.signal.aborted) throw asPhaulError(m.signal.reason, 'CANCELLED');
  const devices = plan.devices.map(
    ({ device }) => device.handOver?.() ?? null,
  ) as Params<'commit'>['devices'];
  m.committed = true;
  try {
    const result = await inTime(plan.link.insist('commit', { devices }));
    m.undo.clear();
    m.emit({ type: 'running', freezeMs: Math.round(frozen.frozenMs() * 10) / 10 }, 'target');
    return result;
  } catch (thrown) {
    const error = asPhaulError(thrown);
    if (!uncertain.includes(error.code)) throw error;
    throw await inDoubt(m, plan, frozen, error);
  }
}

/** The container must not run here while it may run there: it is fenced, and then CRIU may let go of it. */
async function inDoubt(m: Migration, plan: Plan, frozen: Frozen, cause: PhaulError): Promise<PhaulError> {
  // First: whatever fails from here on, the rollback must not let it run.
  m.undo.clear();
  const { remove, resume } = await plan.container.hold().catch(() => stopTree(plan.container.pid));
  const goOn = [...plan.devices.flatMap(({ device }) => device.thawByHand ?? []), resume].join(' && ');
  // The devices stay away from the source.
  await frozen.letGo();
  m.sourceState = 'frozen';
  const id = plan.container.description.id;
  return new PhaulError(
    'IN_DOUBT',
    `The connection broke in the very moment of the hand-over: ${id} may run on ${plan.link.host}.`,
    {
      cause,
      sourceState: 'frozen',
      hint: `It is held frozen here. Look on ${plan.link.host}: if ${id} runs there, remove it here with: ${remove}. If it does not, let it go on here with: ${goOn}.`,
    },
  );
}
