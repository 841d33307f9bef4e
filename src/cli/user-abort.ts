import { PhaulError } from '../errors.ts';

/** Aborted by SIGINT, SIGTERM or SIGHUP, with what the user reads as the reason. A second signal changes nothing: undoing goes on. */
export function userAbort(): AbortSignal {
  const aborter = new AbortController();
  const on = (signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): void => {
    process.on(signal, () => {
      if (aborter.signal.aborted) process.stderr.write('phaul: still undoing; please wait\n');
      aborter.abort(new PhaulError(signal === 'SIGINT' ? 'CANCELLED' : 'TERMINATED', `Ended by ${signal}.`));
    });
  };
  on('SIGINT');
  on('SIGTERM');
  on('SIGHUP');
  return aborter.signal;
}
