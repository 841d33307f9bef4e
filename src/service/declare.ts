import { PhaulError } from '../errors.ts';
import type { Story } from '../journal/story.ts';
import { fromWire } from '../wire-error.ts';
import { resume, type Resumed, type Words } from './resume.ts';

/** What an operator risks who says on the target that one of the hosts is dead. */
export function dangerOnTarget(dead: 'source' | 'target', container: string, source: string): string {
  return dead === 'source'
    ? `${container} will run here. If it runs on ${source}, or ever will, there are two of it.`
    : `The copy that waits here will be destroyed. If ${container} does not run on ${source}, it is gone.`;
}

/**
 * Ends a migration to this host by an operator's word, without waiting for the source's.
 * @throws USAGE where nothing waits for a word, and what went wrong when it was let run
 */
export async function declareOnTarget(story: Story, dead: 'source' | 'target', words: Words): Promise<void> {
  const { result, handlers, leave } = await resume(story.migration, words);
  try {
    // One that has been let run answers the word once more.
    const takesIt = story.state === 'ready' || story.state === 'landed';
    if (!handlers || (result.outcome === 'open' && dead === 'source' && !takesIt))
      throw new PhaulError('USAGE', `${story.container} does not wait here for the source's word.`, {
        hint: `phaul status says where it stands.`,
      });
    // Else it is only remembered, for a host that will not ask any more.
    if (result.outcome === 'open')
      await (dead === 'source' ? letRun(story, handlers) : giveUp(story, handlers));
    await handlers.finish({});
    if (result.outcome === 'undone' && dead === 'source') throw undoneAlready(story.container);
  } finally {
    leave();
  }
}

async function letRun({ container }: Story, { commit }: Resumed): Promise<void> {
  const outcome = await commit({ devices: [] });
  if (outcome.outcome === 'undone') throw outcome.error ? fromWire(outcome.error) : undoneAlready(container);
}

async function giveUp({ container }: Story, { abort }: Resumed): Promise<void> {
  const outcome = await abort({});
  if (outcome.outcome === 'landed')
    throw new PhaulError('USAGE', `${container} runs here.`, { hint: 'Stop it with its own tool.' });
}

function undoneAlready(container: string): PhaulError {
  return new PhaulError('CANCELLED', `${container} has been given up here already.`);
}
