import type { DriverContext } from './contracts/context.ts';
import { run } from './run.ts';

/** What a driver gets of this host. `directory`: its scratch space; `say`: where its words go. */
export function driverContext(
  directory: string,
  signal: AbortSignal,
  say: (level: 'log' | 'warn', text: string) => void,
): DriverContext {
  return {
    directory,
    signal,
    log: (text) => say('log', text),
    warn: (text) => say('warn', text),
    run: (command, args, { abortable = true, ...options } = {}) =>
      run(command, args, { ...options, signal: abortable ? signal : undefined }),
  };
}
