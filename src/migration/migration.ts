import { setMaxListeners } from 'node:events';
import type { Act } from '../acts.ts';
import type { ErrorCode } from '../error-codes.ts';
import { asPhaulError, type HostRole, PhaulError, type SourceState } from '../errors.ts';
import type { Journal } from '../journal/journal.ts';
import type { Happening } from '../observe/events.ts';
import { type UndoStack, undoStack } from '../undo.ts';
import type { MigrateOptions } from './options.ts';

/** One migration on the source: what all acts share. */
export interface Migration {
  readonly id: string;
  readonly options: MigrateOptions;
  readonly emit: (what: Happening, host?: HostRole) => void;
  /** Aborted by the user (SIGINT) or the time limit; obeyed until the commit, ignored after it. */
  readonly signal: AbortSignal;
  readonly abort: (reason: PhaulError) => void;
  readonly undo: UndoStack;
  readonly warnings: string[];
  /** There are a journal and a working directory now. */
  readonly onBegun: (directory: string) => Promise<void>;
  readonly say: (level: 'log' | 'warn', text: string, host?: HostRole) => void;
  sourceState: SourceState;
  /** Settles when the target has undone its part: the connection must stay open until then. */
  targetUndone: Promise<unknown>;
  /** The word has been sent: an abort is no longer obeyed. */
  committed: boolean;
  /** The target has said that the container is its own: there is only forward, whatever fails. */
  landed: boolean;
  readonly acts: { act: Act; ms: number }[];
  /** Lets others move the container. */
  unlock: () => void;
  /** What this host writes down; null: nothing has been done yet. */
  journal: Journal | null;
}

/** @throws INTERNAL if there is none yet */
export function journalOf({ journal }: Migration): Journal {
  if (journal) return journal;
  throw new PhaulError('INTERNAL', 'There is no journal yet.');
}

// The target may say as many as it likes.
const mostWarnings = 100;

export function newMigration(
  id: string,
  options: MigrateOptions,
  emit: Migration['emit'],
  user: AbortSignal,
  onBegun: Migration['onBegun'] = () => Promise.resolve(),
): Migration {
  const aborter = new AbortController();
  // Every program that runs for the migration listens.
  setMaxListeners(0, aborter.signal);
  const abort = (reason: PhaulError): void => {
    if (!m.committed) aborter.abort(reason);
  };
  const byUser = (): void => abort(asPhaulError(user.reason, 'CANCELLED'));
  const warnings: string[] = [];
  const warn = (text: string, host: HostRole = 'source'): void => {
    if (warnings.length < mostWarnings) warnings.push(text);
    emit({ type: 'warning', text }, host);
  };
  const m: Migration = {
    id,
    options,
    emit,
    signal: aborter.signal,
    abort,
    undo: undoStack(),
    warnings,
    onBegun,
    say: (level, text, host = 'source') =>
      level === 'warn' ? warn(text, host) : emit({ type: 'log', text }, host),
    sourceState: 'unknown',
    targetUndone: Promise.resolve(),
    committed: false,
    landed: false,
    acts: [],
    unlock: () => undefined,
    journal: null,
  };
  if (user.aborted) byUser();
  else user.addEventListener('abort', byUser, { once: true });
  return m;
}

/** Runs one act: announces it, times it, and lets its errors say where they happened. */
export async function act<T>(m: Migration, name: Act, work: () => Promise<T>): Promise<T> {
  m.emit({ type: 'act-begin', act: name });
  noteAct(m, name);
  const began = performance.now();
  try {
    const result = await work();
    const ms = Math.round((performance.now() - began) * 10) / 10;
    m.acts.push({ act: name, ms });
    m.emit({ type: 'act-end', act: name, actMs: ms });
    return result;
  } catch (error) {
    throw asPhaulError(error).with({ act: name });
  }
}

/** For whoever asks how far it is: not worth failing for. */
function noteAct({ journal }: Migration, name: Act): void {
  try {
    journal?.note({ act: name });
  } catch {
    // The disk is full: what must be written down will say so.
  }
}

/** The promise, or the reason of the abort if that comes first. */
export function interruptible<T>(m: Migration, promise: Promise<T>): Promise<T> {
  const { signal } = m;
  promise.catch(() => undefined);
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(abortReason(m));
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

export function abortReason(m: Migration): PhaulError {
  return asPhaulError(m.signal.reason, 'CANCELLED');
}

/** A refusal of the source's. */
export function sourceRefusal(
  code: ErrorCode,
  message: string,
  hint: string,
): { code: ErrorCode; message: string; hint: string; host: 'source' } {
  return { code, message, hint, host: 'source' };
}
