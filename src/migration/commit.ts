import { asPhaulError, PhaulError } from '../errors.ts';
import type { Landed } from '../journal/story.ts';
import { fromWire } from '../wire-error.ts';
import { type Between, decided, inDoubt } from './decided.ts';
import { abortReason, journalOf, type Migration } from './migration.ts';
import type { Plan } from './preflight.ts';

/**
 * Commit: the one instant at which the container changes hands: a record here, the word, a record there. From here an abort is no longer obeyed, and a
 * broken connection is made anew. Three ways out: it runs there (or is left stopped there, as asked); it does not and never will, so the source takes it
 * back; or the target cannot be reached for --timeout, and then nobody knows.
 * @throws IN_DOUBT, or the target's failure
 */
export async function commit(m: Migration, plan: Plan, between: Between): Promise<Landed> {
  await between.held();
  if (m.signal.aborted) throw abortReason(m);
  const journal = journalOf(m);
  m.committed = true;
  await journal.record('handed');
  const devices = plan.devices.handOver();
  const { link, container } = plan;
  const outcome = await decided(m, plan, () => link.insist('commit', { devices })).catch(
    async (thrown: unknown) => {
      const cause = asPhaulError(thrown);
      const message = `The connection broke in the very moment of the hand-over, and ${container.description.id} may run on ${link.host}: ${cause.message}`;
      throw await inDoubt(m, plan, between, cause, message);
    },
  );
  if (outcome.outcome === 'undone') {
    await journal.record('asked');
    throw outcome.error ? fromWire(outcome.error) : givenUp(plan);
  }
  m.landed = true;
  m.undo.clear();
  return outcome;
}

function givenUp({ link }: Plan): PhaulError {
  return new PhaulError('LINK_LOST', `The connection broke, and ${link.host} has undone its part.`);
}
