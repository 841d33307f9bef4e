import { asPhaulError, PhaulError } from '../errors.ts';
import { type Between, decided, inDoubt } from './decided.ts';
import { abortReason, journalOf, type Migration } from './migration.ts';
import type { Plan } from './preflight.ts';

/** The target may be ready, and must be told how it ends. Where devices have been taken over the journal says more than that already. */
export async function nowAsked(m: Migration, { devices }: Plan): Promise<void> {
  if (devices.takenOver.length === 0) await journalOf(m).record('asked');
}

/**
 * The devices' stages 2 and 3 on the target, for those that one host only may use; here all have been let go of. From the moment at which the target may
 * begin, what it holds is not known here unless it says so. So it is as at the commit: the container is held whoever dies, the journal says `handed`, and
 * the target waits for this host's word. Before that the target is told to stand by, so that it always remembers the migration when it is asked.
 */
export async function takeOver(m: Migration, plan: Plan, { held }: Between): Promise<void> {
  if (plan.devices.takenOver.length === 0) return;
  const journal = journalOf(m);
  await Promise.all([journal.record('asked'), plan.link.call('standBy', {})]);
  await held();
  if (m.signal.aborted) throw abortReason(m);
  await journal.record('handed');
  await plan.link.call('takeOver', {});
}

/**
 * Work that ends with the commit. If it fails while only the target knows who holds the devices, the target gives them up first: not before its word for that
 * may this host undo anything.
 * @throws IN_DOUBT if it does not give it
 */
export async function untilCommitted<T>(
  m: Migration,
  plan: Plan,
  between: Between,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    const error = asPhaulError(thrown);
    if (error.code !== 'IN_DOUBT' && journalOf(m).story().state === 'handed')
      await takenBack(m, plan, between, error);
    throw error;
  }
}

async function takenBack(m: Migration, plan: Plan, between: Between, why: PhaulError): Promise<void> {
  const { link, container, devices } = plan;
  m.emit({ type: 'undo', name: why.message });
  const outcome = await decided(m, plan, () => link.insist('abort', {})).catch((thrown: unknown) =>
    asPhaulError(thrown),
  );
  if ('outcome' in outcome && outcome.outcome === 'undone') return journalOf(m).record('asked');
  const { act } = why.details;
  const message =
    'outcome' in outcome
      ? `Somebody has let ${container.description.id} run on ${link.host} meanwhile.`
      : `${link.host} has not said that it has given up ${devices.takenOver.join(', ')}: ${outcome.message} Until then ${container.description.id} must not run here.`;
  const cause = 'outcome' in outcome ? why : outcome;
  throw (await inDoubt(m, plan, between, cause, message)).with(act === undefined ? {} : { act });
}
