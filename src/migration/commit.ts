import { setTimeout as sleep } from 'node:timers/promises';
import { asPhaulError, PhaulError } from '../errors.ts';
import type { Landed } from '../journal/story.ts';
import type { Outcome, Params } from '../rpc/methods.ts';
import { fromWire } from '../wire-error.ts';
import { abortReason, journalOf, type Migration } from './migration.ts';
import type { Plan } from './preflight.ts';
import { errandOf, reconnectWithin } from './reconnect.ts';

/** What the modes do differently about the commit. */
interface CommitOptions {
  /** Everything that keeps the container from running here whoever dies: in place when it resolves. */
  readonly held: () => Promise<void>;
  /** Nobody knows who has the container, and this process ends: let go of what is not needed to hold it. */
  readonly doubt: () => Promise<'frozen' | 'stopped'>;
}

// Letting the tasks go takes milliseconds, a start a second. A target that lives and does not answer is asked once more.
const answerMs = 30_000;

/**
 * Commit: the one instant at which the container changes hands: a record here, the word, a record there. From here an abort is no longer obeyed, and a
 * broken connection is made anew. Three ways out: it runs there (or is left stopped there, as asked); it does not and never will, so the source takes it
 * back; or the target cannot be reached for --timeout, and then nobody knows.
 * @throws IN_DOUBT, or the target's failure
 */
export async function commit(m: Migration, plan: Plan, options: CommitOptions): Promise<Landed> {
  await options.held();
  if (m.signal.aborted) throw abortReason(m);
  const journal = journalOf(m);
  m.committed = true;
  await journal.record('handed');
  const devices = plan.devices.map(
    ({ device }) => device.handOver?.() ?? null,
  ) as Params<'commit'>['devices'];
  const outcome = await decided(m, plan, devices).catch(async (thrown: unknown) => {
    throw await inDoubt(m, plan, options, asPhaulError(thrown));
  });
  if (outcome.outcome === 'undone') {
    await journal.record('asked');
    throw outcome.error ? fromWire(outcome.error) : givenUp(plan);
  }
  m.undo.clear();
  await journal.record('landed');
  return outcome;
}

async function decided(m: Migration, plan: Plan, devices: Params<'commit'>['devices']): Promise<Outcome> {
  const deadline = performance.now() + m.options.timeout * 1000;
  for (;;) {
    try {
      return await inTime(plan.link.insist('commit', { devices }));
    } catch (thrown) {
      if (performance.now() > deadline) throw thrown;
      const { message } = asPhaulError(thrown);
      m.say(
        'warn',
        `${message} It was the moment of the hand-over: phaul connects again to learn who has it.`,
      );
    }
    const { link, found } = await reconnectWithin(errandOf(m), deadline - performance.now());
    plan.link.continueOn(link);
    if (found.outcome === 'landed' || found.outcome === 'undone') return found;
    if (found.outcome === 'unknown')
      throw new PhaulError('INTERNAL', `${link.host} remembers nothing of this migration.`);
  }
}

/** @throws TIMEOUT */
async function inTime<T>(answer: Promise<T>): Promise<T> {
  const timer = new AbortController();
  const late = sleep(answerMs, undefined, { signal: timer.signal }).then(() => {
    throw new PhaulError('TIMEOUT', `The target has not answered the commit for ${answerMs / 1000} s.`);
  });
  late.catch(() => undefined);
  return Promise.race([answer, late]).finally(() => timer.abort());
}

function givenUp({ link }: Plan): PhaulError {
  return new PhaulError('LINK_LOST', `The connection broke, and ${link.host} has undone its part.`);
}

/** The container must not run here while it may run there. The journal stays, and with it whoever goes on (journal/guard.ts). */
async function inDoubt(
  m: Migration,
  plan: Plan,
  { doubt }: CommitOptions,
  cause: PhaulError,
): Promise<PhaulError> {
  // First: whatever fails from here on, the rollback must not let it run.
  m.undo.clear();
  m.sourceState = await doubt();
  const { container, link } = plan;
  const message = `The connection broke in the very moment of the hand-over, and ${container.description.id} may run on ${link.host}: ${cause.message}`;
  const hint = `It is held ${m.sourceState} here. phaul goes on trying to reach ${link.host}, and ends the migration by itself when it can. Should it be lost for ever: phaul recover ${m.id} --target-is-dead lets it go on here. Should you see it run there: phaul recover ${m.id} --source-is-dead removes it here.`;
  return new PhaulError('IN_DOUBT', message, { cause, sourceState: m.sourceState, hint });
}
