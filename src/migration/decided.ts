import { setTimeout as sleep } from 'node:timers/promises';
import { asPhaulError, PhaulError } from '../errors.ts';
import { inDoubtAdvice } from '../journal/describe.ts';
import type { Outcome } from '../rpc/methods.ts';
import type { Migration } from './migration.ts';
import type { Plan } from './preflight.ts';
import { errandOf, reconnectWithin } from './reconnect.ts';

/** What the modes do differently while the container is between the hosts. */
export interface Between {
  /** Everything that keeps the container from running here whoever dies: in place when it resolves. */
  readonly held: () => Promise<void>;
  /** Nobody knows who has the container, and this process ends: let go of what is not needed to hold it. */
  readonly doubt: () => Promise<'frozen' | 'stopped'>;
}

// Letting the tasks go takes milliseconds, a start a second. A target that lives and does not answer is asked once more.
const answerMs = 30_000;

/**
 * Says a word to the target after which only its answer tells whose the container is. A broken connection is made anew.
 * @throws why there is no answer, after --timeout
 */
export async function decided(m: Migration, plan: Plan, word: () => Promise<Outcome>): Promise<Outcome> {
  const deadline = performance.now() + m.options.timeout * 1000;
  for (;;) {
    try {
      return await inTime(word());
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
    if (found.outcome === 'landed' && found.lost !== null)
      m.say('warn', `${found.lost} Look on ${link.host} whether it still runs.`);
    if (found.outcome === 'landed' || found.outcome === 'undone') return found;
    if (found.outcome === 'unknown')
      throw new PhaulError('INTERNAL', `${link.host} remembers nothing of this migration.`);
  }
}

/** @throws TIMEOUT */
async function inTime<T>(answer: Promise<T>): Promise<T> {
  const timer = new AbortController();
  const late = sleep(answerMs, undefined, { signal: timer.signal }).then(() => {
    throw new PhaulError('TIMEOUT', `The target has not answered for ${answerMs / 1000} s.`);
  });
  late.catch(() => undefined);
  return Promise.race([answer, late]).finally(() => timer.abort());
}

/** The container must not run here while it may run there. The journal stays, and with it whoever goes on (journal/guard.ts). */
export async function inDoubt(
  m: Migration,
  plan: Plan,
  { doubt }: Between,
  cause: PhaulError,
  message: string,
): Promise<PhaulError> {
  // First: whatever fails from here on, the rollback must not let it run.
  m.undo.clear();
  m.sourceState = await doubt();
  const { link, container } = plan;
  const advice = inDoubtAdvice({ migration: m.id, container: container.description.id, peer: link.host });
  const hint = `It is held ${m.sourceState} here. phaul goes on trying to reach ${link.host}, and ends the migration by itself when it can. ${advice}`;
  return new PhaulError('IN_DOUBT', message, { cause, sourceState: m.sourceState, hint });
}
