import { setTimeout as sleep } from 'node:timers/promises';
import type { ErrorCode } from '../error-codes.ts';
import { asPhaulError, PhaulError } from '../errors.ts';
import type { Params, Result } from '../rpc/methods.ts';
import type { Migration } from './migration.ts';
import type { Plan } from './preflight.ts';

/** What the modes do differently about the commit. */
interface CommitOptions {
  /** Called in the last moment before the word is sent. */
  readonly beforeSending?: () => void;
  /** Nobody knows who has the container: make sure that it does not run here, and say how an operator removes it or lets it go on. */
  readonly doubt: () => Promise<{
    readonly state: 'frozen' | 'stopped';
    readonly remove: string;
    readonly resume: string;
  }>;
}

// After these nobody here knows whether the container runs there. Every other failure is the target's word that it does not.
const uncertain: readonly ErrorCode[] = ['LINK_LOST', 'PROTOCOL_ERROR', 'TIMEOUT', 'INTERNAL'];

// Letting the tasks go takes milliseconds, a start a second. A target that lives and does not answer must not keep the container
// standing for ever unsaid.
const commitPatienceMs = 60_000;

/**
 * Commit: the one instant at which the container changes hands. From the moment the word is sent an abort is no longer obeyed.
 * Three ways out: the target says that it runs there (or is left stopped there, as asked); the target says that it failed, and
 * nothing runs there, so the source may take it back; or the link breaks, and then nobody knows.
 * @throws IN_DOUBT, or the target's failure
 */
export async function commit(m: Migration, plan: Plan, options: CommitOptions): Promise<Result<'commit'>> {
  // The seat of the journal's record on the source: durable before the word is sent.
  if (m.signal.aborted) throw asPhaulError(m.signal.reason, 'CANCELLED');
  const devices = plan.devices.map(
    ({ device }) => device.handOver?.() ?? null,
  ) as Params<'commit'>['devices'];
  options.beforeSending?.();
  m.committed = true;
  try {
    const result = await inTime(plan.link.insist('commit', { devices }));
    m.undo.clear();
    return result;
  } catch (thrown) {
    const error = asPhaulError(thrown);
    if (!uncertain.includes(error.code)) throw error;
    throw await inDoubt(m, plan, options, error);
  }
}

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

/** The container must not run here while it may run there. */
async function inDoubt(
  m: Migration,
  plan: Plan,
  options: CommitOptions,
  cause: PhaulError,
): Promise<PhaulError> {
  // First: whatever fails from here on, the rollback must not let it run.
  m.undo.clear();
  const { state, remove, resume } = await options.doubt();
  const goOn = [...plan.devices.flatMap(({ device }) => device.thawByHand ?? []), resume].join(' && ');
  m.sourceState = state;
  // Nothing of it is needed for either way out.
  await plan.files.abort().catch(() => undefined);
  await plan.workspace.remove({ keepImages: m.options.keepImages }).catch(() => undefined);
  const id = plan.container.description.id;
  return new PhaulError(
    'IN_DOUBT',
    `The connection broke in the very moment of the hand-over: ${id} may run on ${plan.link.host}.`,
    {
      cause,
      sourceState: state,
      hint: `It is held ${state} here. Look on ${plan.link.host}: if ${id} runs there, remove it here with: ${remove}. If it does not, let it go on here with: ${goOn}.`,
    },
  );
}
