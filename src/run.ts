import { spawn } from 'node:child_process';
import { PhaulError } from './errors.ts';

export interface RunSettings {
  readonly input?: string;
  /** Collect no output: for a program that leaves children behind, which would keep its pipes open. */
  readonly quiet?: boolean;
  /** Aborted: the program is killed with its process group. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a program without a shell, in a process group of its own (Ctrl-C on the terminal must not reach it: phaul undoes
 * first), in the C locale, and gives its standard output. (Not execa: loading that takes 80 ms of every start.)
 *
 * @throws TOOL_MISSING if it is not installed, DRIVER_FAILED with its last line of stderr if it fails, CANCELLED
 */
export function run(command: string, args: readonly string[], settings: RunSettings = {}): Promise<string> {
  const { input, quiet = false, signal } = settings;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(new PhaulError('CANCELLED', `${command} was not started.`));
    const output = quiet ? 'ignore' : 'pipe';
    const child = spawn(command, args, {
      stdio: [input === undefined ? 'ignore' : 'pipe', output, output],
      detached: true,
      env: { ...process.env, LC_ALL: 'C' },
    });
    const said = { stdout: '', stderr: '' };
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
    // It may end without reading all of it: the exit code tells.
    child.stdin?.on('error', () => undefined).end(input);
    const kill = (): void => killGroup(child.pid);
    signal?.addEventListener('abort', kill, { once: true });
    const settled = (): void => signal?.removeEventListener('abort', kill);
    child.on('error', (cause: NodeJS.ErrnoException) => {
      settled();
      const missing = cause.code === 'ENOENT';
      reject(
        new PhaulError(
          missing ? 'TOOL_MISSING' : 'DRIVER_FAILED',
          missing ? `${command} is not installed.` : cause.message,
          { cause },
        ),
      );
    });
    child.on('close', (code, killedBy) => {
      settled();
      if (code === 0) return resolve(said.stdout);
      if (signal?.aborted) return reject(new PhaulError('CANCELLED', `${command} was stopped.`));
      const reason =
        said.stderr.trim().split('\n').at(-1) ||
        (code === null ? `killed by ${killedBy}` : `exit code ${code}`);
      reject(new PhaulError('DRIVER_FAILED', `${command} ${args[0] ?? ''}: ${reason}`));
    });
  });
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}
