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
export async function declareOnTarget(
  { migration, container, state }: Story,
  dead: 'source' | 'target',
  words: Words,
): Promise<void> {
  const { result, handlers } = await resume(migration, words);
  if (handlers && result.outcome !== 'open') {
    // Only remembered, for a host that will not ask any more.
    await handlers.finish({});
    if (result.outcome === 'undone' && dead === 'source') throw undoneAlready(container);
    return;
  }
  if (!handlers || (dead === 'source' && state !== 'ready')) {
    handlers?.close();
    throw new PhaulError('USAGE', `${container} does not wait here for the source's word.`, {
      hint: `phaul status says where it stands.`,
    });
  }
  try {
    await end(handlers, dead, container);
  } finally {
    handlers.close();
  }
}

async function end(handlers: Resumed, dead: 'source' | 'target', container: string): Promise<void> {
  if (dead === 'source') {
    const outcome = await handlers.commit({ devices: [] });
    if (outcome.outcome === 'undone')
      throw outcome.error ? fromWire(outcome.error) : undoneAlready(container);
  } else {
    const outcome = await handlers.abort({});
    if (outcome.outcome === 'landed')
      throw new PhaulError('USAGE', `${container} runs here.`, { hint: 'Stop it with its own tool.' });
  }
  await handlers.finish({});
}

function undoneAlready(container: string): PhaulError {
  return new PhaulError('CANCELLED', `${container} has been given up here already.`);
}
