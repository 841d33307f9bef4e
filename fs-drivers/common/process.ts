import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { PhaulError } from '../../src/errors.ts';

/**
 * Starts a program that has `stream` among its `stdio`. It leads a process group of its own, to which an abort of `signal` sends
 * `end`. Node's own end stays open, and nothing may be read from it: the caller destroys it, which ends nothing for the program.
 */
export async function startOn(
  stream: Socket,
  command: string,
  args: readonly string[],
  stdio: StdioOptions,
  signal: AbortSignal,
  end: NodeJS.Signals = 'SIGKILL',
): Promise<ChildProcess> {
  if (signal.aborted) {
    stream.destroy();
    throw new PhaulError('CANCELLED', `${command} was not started: the migration is being undone.`);
  }
  // A small, fixed environment: RSYNC_* variables would change what rsync does, %NAME% in a daemon's paths expands.
  const env = { PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', TZ: 'UTC' };
  const child = spawn(command, [...args], { stdio, detached: true, env });
  const stop = (): void => killGroup(child, end);
  signal.addEventListener('abort', stop);
  child.once('close', () => signal.removeEventListener('abort', stop));
  try {
    await once(child, 'spawn');
  } catch (error) {
    signal.removeEventListener('abort', stop);
    throw new PhaulError('TOOL_MISSING', `${command} cannot be started.`, { cause: error });
  }
  return child;
}

/** Sends `name` to the child and all that it started. */
export function killGroup(child: ChildProcess, name: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, name);
  } catch {
    // Already gone.
  }
}
