import type { DriverContext } from './contracts/context.ts';
import type { Journal } from './journal/journal.ts';
import { attempt, run } from './run.ts';

/**
 * What a driver gets of this host.
 * @param directory its scratch space, in the migration's workspace
 * @param say where its words go
 * @param journal asked at each note; null: there is none yet, because nothing is done yet
 */
export function driverContext(
  directory: string,
  signal: AbortSignal,
  say: (level: 'log' | 'warn', text: string) => void,
  journal: () => Journal | null = () => null,
): DriverContext {
  return {
    directory,
    signal,
    ifKilled: (command, args, when = 'undone', { must = false } = {}) =>
      journal()?.will(when, command, args, must) ?? (() => undefined),
    log: (text) => say('log', text),
    warn: (text) => say('warn', text),
    run: (command, args, { abortable = true, ...options } = {}) =>
      run(command, args, { ...options, signal: abortable ? signal : undefined }),
    attempt: (command, args, { abortable = true, ...options } = {}) =>
      attempt(command, args, { ...options, signal: abortable ? signal : undefined }),
  };
}
