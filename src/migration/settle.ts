import { fsDriverNamed } from '../contracts/registry.ts';
import { driverContext } from '../driver-context.ts';
import { asPhaulError, PhaulError } from '../errors.ts';
import { settleSource } from '../journal/abandoned.ts';
import { inDoubtAdvice } from '../journal/describe.ts';
import { awaitJournal, type Journal, stories, takeOverJournal } from '../journal/journal.ts';
import type { Story } from '../journal/story.ts';
import { executeWills } from '../journal/wills.ts';
import type { Migration } from './migration.ts';
import type { Errand } from './reconnect.ts';
import { askTarget, tellTarget } from './tell.ts';

/**
 * Ends a migration from this host whose phaul has died or given up, together with the target.
 * @throws as executeWills; IN_DOUBT if only the target knows who has the container and does not say; as openLink if it is to be told something and cannot
 * be reached
 */
export async function settle(journal: Journal, say: Migration['say']): Promise<void> {
  const { state } = journal.story();
  await settleSource(journal);
  if (state === 'open') return;
  const story = journal.story();
  const { migration: id, peer: destination } = story;
  const errand: Errand = { id, destination, acceptNewHostKey: false, say, onFilling: () => undefined };
  if (story.state === 'handed') {
    const learn = askTarget(errand, async (outcome) => {
      if (outcome === 'unknown')
        throw new PhaulError('INTERNAL', `${destination} remembers nothing of migration ${id}.`);
      await (outcome.outcome === 'landed' ? leave(journal) : takeBack(journal));
    });
    await learn.catch((cause: unknown) => {
      throw inDoubt(story, asPhaulError(cause));
    });
  } else if (story.state === 'undone' || story.state === 'landed') {
    if (story.state === 'landed') await markFiles(story);
    await tellTarget(errand);
  }
  journal.remove();
}

/** The container is the target's. */
export async function leave(journal: Journal): Promise<void> {
  await journal.record('landed');
  await markFiles(journal.story());
  await executeWills(journal, 'moved');
}

/** They stay, and may be overwritten when the container comes back. */
async function markFiles({ files, container, peer }: Story): Promise<void> {
  const ctx = driverContext('/nonexistent', new AbortController().signal, () => undefined);
  for (const { driver, trees } of files)
    await (await fsDriverNamed(driver)).source(trees, ctx).release({ container, target: peer });
}

/** It is this host's again. */
export async function takeBack(journal: Journal): Promise<void> {
  await executeWills(journal, 'undone');
  await journal.record('undone');
}

/**
 * A former migration of this container that nobody has ended comes first. The container's lock must be had: so whoever has a journal is only settling it.
 * @throws as settle; MIGRATION_RUNNING if that takes too long
 */
export async function settleFormer(htype: string, container: string, say: Migration['say']): Promise<void> {
  for (const story of await stories()) {
    if (story.role !== 'source' || story.htype !== htype || story.container !== container) continue;
    const { migration } = story;
    const journal = isOpen(story)
      ? await awaitJournal(migration, 'source').catch((thrown: unknown) => {
          throw story.state === 'handed' ? inDoubt(story, asPhaulError(thrown)) : thrown;
        })
      : takeOverJournal(migration, 'source');
    if (!journal) continue;
    try {
      await settle(journal, say);
    } catch (thrown) {
      // It runs here, or there; that the other host does not know yet is no reason against another migration.
      if (isOpen(journal.story())) throw thrown;
    } finally {
      journal.close();
    }
  }
}

const isOpen = ({ state }: Story): boolean => ['open', 'asked', 'handed'].includes(state);

function inDoubt(story: Story, cause: PhaulError): PhaulError {
  const { migration, container, peer, mode } = story;
  const message = `${container} was being handed over to ${peer}, and whether it runs there is not known: ${cause.message}`;
  const hint = `It is held here. phaul recover ${migration} tries again. ${inDoubtAdvice(story)}`;
  const sourceState = mode === 'live' ? 'frozen' : 'stopped';
  return new PhaulError('IN_DOUBT', message, { cause, hint, sourceState });
}
