import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { RunEnd } from './contracts/context.ts';
import { PhaulError } from './errors.ts';

export interface RunSettings {
  readonly input?: string;
  /** Collect no output: for a program that leaves children behind, which would keep its pipes open. */
  readonly quiet?: boolean;
  /** Descriptors of this process that it has, too, as 3, 4, …. */
  readonly descriptors?: readonly number[];
  /** Aborted: the program is killed with all that it has started. */
  readonly signal?: AbortSignal | undefined;
  /** So it is after so long. */
  readonly limitMs?: number;
}

/**
 * Runs a program without a shell, in a process group of its own (Ctrl-C on the terminal must not reach it: phaul undoes
 * first), in the C locale, and gives its standard output. (Not execa: loading that takes 80 ms of every start.)
 *
 * @throws TOOL_MISSING if it is not installed, DRIVER_FAILED with its last line of stderr if it fails, CANCELLED
 */
export async function run(
  command: string,
  args: readonly string[],
  settings: RunSettings = {},
): Promise<string> {
  const { exitCode, signal, stdout, stderr } = await attempt(command, args, settings);
  if (exitCode === 0) return stdout;
  const reason = lastLine(stderr) || (exitCode === null ? `killed by ${signal}` : `exit code ${exitCode}`);
  throw new PhaulError('DRIVER_FAILED', `${command} ${args[0] ?? ''}: ${reason}`);
}

/** The same, but how it ended is for the caller to judge. @throws TOOL_MISSING, DRIVER_FAILED if it cannot be started, CANCELLED */
export function attempt(
  command: string,
  args: readonly string[],
  settings: RunSettings = {},
): Promise<RunEnd> {
  const { input, quiet = false, descriptors = [], signal, limitMs } = settings;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(new PhaulError('CANCELLED', `${command} was not started.`));
    const output = quiet ? 'ignore' : 'pipe';
    const child = spawn(command, args, {
      stdio: [input === undefined ? 'ignore' : 'pipe', output, output, ...descriptors],
      detached: true,
      env: { ...process.env, LC_ALL: 'C' },
    });
    const said = { stdout: '', stderr: '' };
    let expired = false;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
    // It may end without reading all of it: the exit code tells.
    child.stdin?.on('error', () => undefined).end(input);
    const kill = (): void => {
      if (child.pid !== undefined) killAll(child.pid);
      // Somebody who got away may hold the other ends.
      child.stdout?.destroy();
      child.stderr?.destroy();
    };
    signal?.addEventListener('abort', kill, { once: true });
    const timer = limitMs === undefined ? undefined : setTimeout(() => (kill(), (expired = true)), limitMs);
    const settled = (): void => {
      signal?.removeEventListener('abort', kill);
      clearTimeout(timer);
    };
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
    child.on('close', (exitCode, killedBy) => {
      settled();
      if (exitCode !== 0 && signal?.aborted)
        return reject(new PhaulError('CANCELLED', `${command} was stopped.`));
      resolve({ exitCode, signal: killedBy, expired, ...said });
    });
  });
}

/** What a program that failed says last is why it did. */
export function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}

/** Its process group, and those of its descendants that have left it: found first, because orphans are nobody's children. */
function killAll(leader: number): void {
  for (const pid of [...descendants(leader), -leader])
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has just ended.
    }
}

function descendants(pid: number): number[] {
  const children = read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
  return [...children, ...children.flatMap(descendants)];
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
