import { setTimeout as sleep } from 'node:timers/promises';
import { asPhaulError } from '../errors.ts';
import type { Result } from '../rpc/methods.ts';
import { parseDestination } from '../transport/destination.ts';
import { connectSsh } from '../transport/ssh.ts';
import { type Link, newMigrationId, openLink } from './link.ts';
import type { Migration } from './migration.ts';

/** What is needed to reach the target of a migration once more. */
export interface Errand {
  /** The migration's. */
  readonly id: string;
  readonly destination: string;
  readonly acceptNewHostKey: boolean;
  readonly say: Migration['say'];
  readonly onFilling: (progress: { readonly total: number; readonly placed: number }) => void;
}

export function errandOf(m: Migration): Errand {
  const { destination, acceptNewHostKey } = m.options;
  const onFilling: Errand['onFilling'] = (progress) => m.emit({ type: 'filling', ...progress }, 'target');
  return { id: m.id, destination, acceptNewHostKey, say: m.say, onFilling };
}

/** Connects to the target anew, and asks what became of the migration. @throws as openLink */
export async function reconnect(errand: Errand): Promise<{ link: Link; found: Result<'resume'> }> {
  const id = newMigrationId();
  const { destination, acceptNewHostKey, say, onFilling } = errand;
  const link = await openLink({
    transport: connectSsh(parseDestination(destination), {
      migration: id,
      directory: null,
      acceptNewHostKey,
    }),
    id,
    signal: new AbortController().signal,
    say: (level, text) => say(level, text, 'target'),
    onFilling,
    onDeath: () => undefined,
  });
  try {
    return { link, found: await link.insist('resume', { migration: errand.id }) };
  } catch (error) {
    link.close();
    throw error;
  }
}

const mostPauseMs = 5000;

/** The same again and again, for so long. @throws what the last try said */
export async function reconnectWithin(
  errand: Errand,
  ms: number,
): Promise<{ link: Link; found: Result<'resume'> }> {
  const deadline = performance.now() + ms;
  for (let pause = 250; ; pause = Math.min(2 * pause, mostPauseMs)) {
    try {
      return await reconnect(errand);
    } catch (thrown) {
      const error = asPhaulError(thrown);
      if (performance.now() + pause > deadline) throw error;
      errand.say('log', `The target cannot be reached: ${error.message}`);
      await sleep(pause);
    }
  }
}
