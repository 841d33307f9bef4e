import { bootId, type Journal, stories, takeOverJournal } from './journal.ts';
import type { Story } from './story.ts';
import { whatBecameOf } from './look.ts';
import { executeWills } from './wills.ts';

/** Why a migration did not come to its end. */
export interface Failure {
  readonly story: Story;
  readonly error: unknown;
}

/**
 * Goes on with the migrations that a phaul which has died left behind on this host, as far as that can be done without the other host: what nobody has
 * decided is undone, what has landed is tidied up. One that fails does not keep the others; gives why it did. It is tried again (guard.ts).
 */
export async function settleAbandoned(): Promise<Failure[]> {
  const failures: Failure[] = [];
  for (const story of await stories()) {
    const { migration, role } = story;
    const journal = takeOverJournal(migration, role);
    if (!journal) continue;
    try {
      await (role === 'source' ? settleSource(journal) : settleTarget(journal));
    } catch (error) {
      failures.push({ story, error });
    } finally {
      journal.close();
    }
  }
  return failures;
}

/** `handed` stays as it is: only the target knows. @throws as executeWills */
export async function settleSource(journal: Journal): Promise<void> {
  const { state } = journal.story();
  if (state === 'open' || state === 'asked') await executeWills(journal, 'undone');
  if (state === 'open') journal.remove();
  if (state === 'asked') await journal.record('undone');
  if (state === 'landed') await executeWills(journal, 'moved');
}

/** Whatever its state was, it is `landed` or `undone` afterwards, or forgotten. @throws as executeWills */
export async function settleTarget(journal: Journal): Promise<void> {
  const story = journal.story();
  if (story.state === 'open') {
    await executeWills(journal, 'undone');
    return journal.remove();
  }
  const became = await whatBecameOf(story, bootId(), () => journal.story().filled !== null);
  if (became === 'undone') {
    await executeWills(journal, 'undone');
    if (story.state !== 'undone') await journal.record('undone');
    return;
  }
  if (became === 'lost' && story.lost === null)
    journal.note({ lost: 'phaul on the target was killed while it was letting the container run there.' });
  if (story.state !== 'landed')
    await journal.record('landed', {
      landing: { pid: story.tree?.pid ?? null, watchedMs: 0, startByHand: null },
    });
  await executeWills(journal, 'moved');
}
