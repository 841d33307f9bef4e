import { spawn } from 'node:child_process';

/** A shell script that outlives phaul. Its standard input ends when phaul does, also if phaul is killed. */
export interface Sentry {
  /** A line for the script to read. Takes microseconds. */
  readonly say: (line: string) => void;
  /** Its standard input ends now, while phaul lives on. Idempotent. */
  readonly leave: () => void;
  readonly ended: Promise<void>;
}

/**
 * @param args the script's `$1`, `$2`, …
 * @param held descriptors that it keeps open for as long as it lives
 */
export function postSentry(script: string, args: readonly string[], held: readonly number[] = []): Sentry {
  const child = spawn('/bin/sh', ['-c', script, 'sh', ...args], {
    stdio: ['pipe', 'ignore', 'ignore', ...held],
    detached: true,
  });
  const ended = new Promise<void>((resolve) => {
    child.on('error', () => resolve());
    child.on('exit', () => resolve());
  });
  child.stdin?.on('error', () => undefined);
  // It keeps no process of phaul's alive.
  child.unref();
  (child.stdin as unknown as { unref: () => void }).unref();
  return {
    say: (line) => void child.stdin?.write(`${line}\n`),
    leave: () => void child.stdin?.end(),
    ended,
  };
}
