import { setMaxListeners } from 'node:events';
import { deferred } from '../deferred.ts';
import { asPhaulError } from '../errors.ts';
import type { Handlers, Outcome } from '../rpc/methods.ts';
import { undoStack } from '../undo.ts';
import { deciding } from './deciding.ts';
import { type Phase, phaseKeeper } from './phase.ts';
import { preparing } from './preparing.ts';
import { notAborted, type Room } from './room.ts';
import { takingOver } from './taking-over.ts';
import { tidyUp } from './tidy-up.ts';
import { tracked } from './tracked.ts';

/** One migration, as the target sees it: what it does at each of the source's calls. */
export interface Session {
  readonly handlers: Omit<Handlers, 'resume'>;
  /**
   * Nobody is connected any more, and the source may have died. Before devices are taken over here, or the container is complete, everything is undone; once it has been let run
   * it stays. In between only the source's word counts, or an operator's: then nothing happens, and somebody may connect again.
   */
  readonly left: () => Promise<void>;
  /** Nothing is left to be done: the process may end. */
  readonly over: Promise<void>;
}

/** Only the source's word ends these. */
const waiting: readonly Phase[] = ['standby', 'taken', 'restored'];

/**
 * @param say carries a driver's words to the source.
 * @param onFilling tells the source how much of the memory that follows the container is in place, in pages
 * @param onBegun there is a working directory now
 */
export function targetSession(
  say: (level: 'log' | 'warn', text: string) => void,
  onFilling: (progress: { total: number; placed: number }) => void = () => undefined,
  onBegun: (directory: string) => Promise<void> = () => Promise.resolve(),
  criuPath = 'criu',
): Session {
  const aborter = new AbortController();
  setMaxListeners(0, aborter.signal);
  const over = deferred<void>();
  const room: Room = {
    phase: phaseKeeper(),
    undo: undoStack(),
    signal: aborter.signal,
    say,
    criuPath,
    onBegun,
    migration: '',
    checked: null,
    refused: true,
    parts: null,
    choices: null,
    unlock: null,
    journal: null,
    workspace: null,
    channels: null,
    memory: null,
    images: null,
    rehearsed: null,
    restore: null,
    landing: null,
  };
  let busy: Promise<unknown> = Promise.resolve();
  let undoing: Promise<string[]> | null = null;

  /** What is being done right now is made to stop, and waited for: it may still push an undo. */
  const undoAll = async (): Promise<string[]> => {
    aborter.abort();
    await busy.catch(() => undefined);
    const failures = await room.undo.unwind();
    if (room.phase.now() !== 'finished') room.phase.enter('aborted');
    return failures.map(({ name, error }) => `${name}: ${asPhaulError(error).message}`);
  };
  const abort = async (): Promise<Outcome> => {
    const came = await room.landing?.outcome;
    if (came?.outcome === 'landed') return came;
    return { outcome: 'undone', error: came?.error ?? null, failures: await (undoing ??= undoAll()) };
  };
  const acts = { ...preparing(room), ...takingOver(room), ...deciding(room, onFilling) };
  return {
    handlers: {
      ...tracked(
        acts,
        () => notAborted(room),
        (promise) => void (busy = promise),
      ),
      // Also for what has been undone.
      finish: acts.finish,
      abort,
    },
    over: over.promise,
    left: async () => {
      if (waiting.includes(room.phase.now())) return;
      const outcome = room.phase.now() === 'finished' ? null : await abort().catch(() => null);
      if (outcome?.outcome === 'landed') {
        await room.restore?.filled().catch((error: unknown) => say('warn', asPhaulError(error).message));
        await tidyUp(room);
      }
      over.resolve();
    },
  };
}
