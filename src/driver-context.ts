import { dirname } from 'node:path';
import type { DriverContext } from './contracts/context.ts';
import { run } from './run.ts';
import { noteWill } from './workspace.ts';

/** What a driver gets of this host. `directory`: its scratch space, in the migration's workspace; `say`: where its words go. */
export function driverContext(
  directory: string,
  signal: AbortSignal,
  say: (level: 'log' | 'warn', text: string) => void,
): DriverContext {
  return {
    directory,
    signal,
    ifKilled: (command, args) => void noteWill(dirname(directory), command, args),
    log: (text) => say('log', text),
    warn: (text) => say('warn', text),
    run: (command, args, { abortable = true, ...options } = {}) =>
      run(command, args, { ...options, signal: abortable ? signal : undefined }),
  };
}
