import { settleTarget } from '../journal/abandoned.ts';
import { lockContainer } from '../journal/container-lock.ts';
import { awaitJournal, stories } from '../journal/journal.ts';

/**
 * What a killed phaul has left here of a former migration of this container comes to its end first: it would be undone while the new one prepares the same
 * names. @throws MIGRATION_RUNNING if the container arrives here just now, or that takes too long
 */
export async function settleFormer(htype: string, container: string): Promise<void> {
  for (const story of await stories()) {
    if (story.role !== 'target' || story.htype !== htype || story.container !== container) continue;
    // It is here, as the check will say.
    if (story.state === 'landed') continue;
    // Who has the lock has a migration that lives; who has only a journal is settling it.
    lockContainer(htype, container, 'target')();
    const journal = await awaitJournal(story.migration, 'target');
    if (journal) await settleTarget(journal).finally(journal.close);
  }
}
