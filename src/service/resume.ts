import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { PhaulError } from '../errors.ts';
import { settleTarget } from '../journal/abandoned.ts';
import { awaitJournal, type Journal, stories, takeOverJournal } from '../journal/journal.ts';
import type { Story } from '../journal/story.ts';
import { type Caller, caller } from '../rpc/caller.ts';
import type { Handlers, Outcome, Result } from '../rpc/methods.ts';
import { workspaceDirectory } from '../workspace.ts';
import { sessionSocket } from './attendance.ts';

/** What the source, or an operator, may still ask. */
export type Resumed = Pick<Handlers, 'commit' | 'fill' | 'abort' | 'finish'>;

/** A session that is at work, spoken to over a connection of one's own. */
interface Joined {
  readonly handlers: Resumed;
  /** It does not end before everybody has left it. Idempotent. */
  readonly leave: () => void;
}

export interface Words {
  readonly say: (level: 'log' | 'warn', text: string) => void;
  readonly onFilling: (progress: { readonly total: number; readonly placed: number }) => void;
}

// A session that is just ending is waited for.
const lookEveryMs = 100;
const patienceMs = 15_000;

/**
 * What became of a migration on this host whose connection broke, and what the source may still ask of it: the session that has it is alive, or its journal
 * tells.
 */
export async function resume(
  migration: string,
  words: Words,
): Promise<{
  readonly result: Result<'resume'>;
  readonly handlers: Resumed | null;
  readonly leave: () => void;
}> {
  const leave = (): void => undefined;
  const deadline = performance.now() + patienceMs;
  for (;;) {
    if (!(await isKnown(migration))) return { result: { outcome: 'unknown' }, handlers: null, leave };
    const session = await connectSession(migration, words);
    if (session) return { result: { outcome: 'open' }, ...session };
    const journal = takeOverJournal(migration, 'target');
    if (journal) {
      const story = await settled(journal).finally(journal.close);
      if (!story) return { result: { outcome: 'unknown' }, handlers: null, leave };
      return { result: remembered(story), handlers: remember(story), leave };
    }
    if (performance.now() > deadline)
      throw new PhaulError('TIMEOUT', "The target's phaul has the migration, and does not answer.");
    await sleep(lookEveryMs);
  }
}

/** The session that is at work on a migration on this host, or null. */
export async function connectSession(migration: string, words: Words): Promise<Joined | null> {
  const socket = connect(sessionSocket(workspaceDirectory(migration, 'target')));
  // Whether anybody is there; later its end tells.
  const connected = await new Promise<boolean>((resolve) => {
    socket.on('error', () => resolve(false));
    socket.on('connect', () => resolve(true));
  });
  if (!connected) return null;
  const session: Caller = caller({
    input: socket,
    output: socket,
    onLog: words.say,
    onFilling: words.onFilling,
    whyClosed: () => Promise.resolve(new PhaulError('LINK_LOST', "The target's phaul has ended.")),
  });
  return {
    handlers: {
      commit: (params) => session.call('commit', params),
      fill: (params) => session.call('fill', params),
      abort: (params) => session.call('abort', params),
      finish: (params) => session.call('finish', params),
    },
    leave: () => {
      session.close();
      socket.destroy();
    },
  };
}

async function isKnown(migration: string): Promise<boolean> {
  return (await stories()).some((story) => story.migration === migration && story.role === 'target');
}

/** Its session may have died a moment ago. Null: it is forgotten. @throws what keeps it from being undone here: it must not be taken for that */
async function settled(journal: Journal): Promise<Story | null> {
  const { state } = journal.story();
  await settleTarget(journal);
  return state === 'open' ? null : journal.story();
}

function outcomeOf({ state, landing }: Story): Outcome {
  if (state === 'landed' && landing) return { outcome: 'landed', ...landing };
  return { outcome: 'undone', error: null, failures: [] };
}

function remembered(story: Story): Result<'resume'> {
  const outcome = outcomeOf(story);
  if (outcome.outcome === 'undone') return outcome;
  return { ...outcome, filled: story.filled, lost: story.lost };
}

function remember(story: Story): Resumed {
  const outcome = (): Promise<Outcome> => Promise.resolve(outcomeOf(story));
  return {
    commit: outcome,
    abort: outcome,
    fill: () => {
      if (story.filled && story.lost === null) return Promise.resolve(story.filled);
      throw new PhaulError('FILL_FAILED', story.lost ?? 'Whether its memory came into place is not known.');
    },
    finish: async () => {
      // The guard may have it just then.
      (await awaitJournal(story.migration, 'target'))?.remove();
      return {};
    },
  };
}
