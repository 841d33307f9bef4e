import { PhaulError } from '../errors.ts';
import { settleSource, settleTarget } from '../journal/abandoned.ts';
import { lockContainer } from '../journal/container-lock.ts';
import { awaitJournal, type Journal, stories } from '../journal/journal.ts';
import type { Story } from '../journal/story.ts';

/**
 * What a killed phaul has left here of a former migration of this container, to this host or from it, comes to its end first: it would be undone while the new one
 * prepares the same names, or remove the container that has come back. @throws MIGRATION_RUNNING if the container arrives or leaves here just now, or that takes
 * too long, or nobody knows yet whose the container was in the end
 */
export async function settleFormer(htype: string, container: string): Promise<void> {
  for (const story of await stories()) {
    if (story.htype !== htype || story.container !== container || isDoneWith(story)) continue;
    // Who has the lock has a migration that lives; who has only a journal is settling it.
    lockContainer(htype, container, 'target')();
    const journal = await awaitJournal(story.migration, story.role);
    if (journal) await settle(journal).finally(journal.close);
  }
}

/** Nothing is due on this host. A container that has landed here is here, as the check will say. */
function isDoneWith({ role, state, wills }: Story): boolean {
  if (role === 'target') return state === 'landed';
  return state === 'undone' || (state === 'landed' && wills.every(({ when }) => when !== 'moved'));
}

async function settle(journal: Journal): Promise<void> {
  const { role, state, container, peer, migration } = journal.story();
  if (role === 'target') return settleTarget(journal);
  await settleSource(journal);
  if (state !== 'handed') return;
  throw new PhaulError(
    'MIGRATION_RUNNING',
    `${container} was being handed over from there to ${peer}, and that has not come to its end.`,
    { host: 'target', hint: `Give phaul recover ${migration} there first.` },
  );
}
