import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PhaulError } from '../../src/errors.ts';

/** An `ip` or `bridge` that has started and waits for commands: a command takes half a millisecond instead of five. */
export interface IpBatch {
  /** Runs the commands; resolves when the kernel has done them. One call at a time. */
  readonly run: (commands: readonly string[]) => Promise<void>;
  readonly end: () => void;
}

/**
 * Starts `ip` or `bridge` with -batch. It ends with `signal`, or with phaul: its input closes.
 *
 * @param proof a command that prints something: the tools say nothing when they have succeeded, and end at the first failure
 */
export function ipBatch(
  tool: 'ip' | 'bridge',
  namespace: string | null,
  proof: string,
  signal: AbortSignal,
): IpBatch {
  const args = [...(namespace === null ? [] : ['-n', namespace]), '-batch', '-'];
  const child = spawn(tool, args, { stdio: 'pipe', detached: true, env: { ...process.env, LC_ALL: 'C' } });
  const { stdin, stdout, stderr } = child;
  let complaints = '';
  stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  stdin.on('error', () => undefined);
  const gone = once(child, 'close').then(
    () => false,
    (error: unknown) => {
      complaints += String(error);
      return false;
    },
  );
  // It keeps no process of phaul's alive.
  for (const handle of [child, stdin, stdout, stderr]) (handle as typeof child).unref();
  const end = (): void => {
    stdin.end();
  };
  signal.addEventListener('abort', end);
  return {
    run: async (commands) => {
      if (commands.length === 0) return;
      const answered = once(stdout, 'data').then(() => true);
      for (const handle of [child, stdin, stdout, stderr]) (handle as typeof child).ref();
      stdin.write(`${[...commands, proof].join('\n')}\n`);
      const done = await Promise.race([answered, gone]);
      for (const handle of [child, stdin, stdout, stderr]) (handle as typeof child).unref();
      if (done) return;
      const [line = 'it is gone'] = complaints.trim().split('\n');
      throw new PhaulError('DRIVER_FAILED', `${tool} ${commands.join('; ')}: ${line}`);
    },
    end: () => {
      signal.removeEventListener('abort', end);
      end();
    },
  };
}
