import { PhaulError } from '../errors.ts';
import { crashed, uncaught } from './crash.ts';

/**
 * Aborted by SIGINT, SIGTERM or SIGHUP, with what the user reads as the reason. A second signal changes nothing: undoing goes on. So it is by an error that
 * nobody has caught: what Node does by itself would leave the undoing to the guard, and a stack trace instead of a result.
 * @param say to the user
 */
export function userAbort(say: (line: string) => void): AbortSignal {
  const aborter = new AbortController();
  const on = (signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): void => {
    process.on(signal, () => {
      if (aborter.signal.aborted) say('phaul: still undoing; please wait');
      aborter.abort(new PhaulError(signal === 'SIGINT' ? 'CANCELLED' : 'TERMINATED', `Ended by ${signal}.`));
    });
  };
  on('SIGINT');
  on('SIGTERM');
  on('SIGHUP');
  const earlier = uncaught();
  if (earlier) aborter.abort(earlier);
  process.on('uncaughtException', (cause) => {
    const error = crashed(cause);
    // After the commit an abort has no effect, and nobody would learn of it.
    say(error.message);
    aborter.abort(error);
  });
  return aborter.signal;
}
