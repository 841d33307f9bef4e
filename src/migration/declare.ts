import type { Journal } from '../journal/journal.ts';
import { PhaulError } from '../errors.ts';
import { leave, takeBack } from './settle.ts';

/** Which of the two hosts will never be heard of again, as an operator says. */
export type Dead = 'source' | 'target';

/** What an operator risks who says so on the source. */
export function dangerOnSource(dead: Dead, container: string, target: string): string {
  return dead === 'target'
    ? `${container} will go on here. If it runs on ${target}, or ever will, there are two of it, and what it did there is lost.`
    : `The copy that is held here will be destroyed. If ${container} does not run on ${target}, it is gone.`;
}

/**
 * Ends a migration from this host by an operator's word, without asking the target. One that has the container lives, and is told when it can be reached.
 * @throws USAGE where nothing is in doubt
 */
export async function declareOnSource(journal: Journal, dead: Dead): Promise<void> {
  const { state, container, peer } = journal.story();
  if (state === 'handed' && dead === 'source') return leave(journal);
  if (state === 'handed') await takeBack(journal);
  else if (dead === 'source')
    throw new PhaulError('USAGE', `${container} has not been handed over to ${peer}.`, {
      hint: `phaul recover ${journal.migration} ends the migration.`,
    });
  else if (state === 'landed') await leave(journal);
  else if (state !== 'undone') await takeBack(journal);
  journal.remove();
}
