import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { createInterface } from 'node:readline';

/** How a command ended. */
export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  /** 128 + the signal's number if a signal ended it. */
  readonly exitCode: number;
}

export interface CommandOptions {
  /** What the command reads from stdin; nothing by default. */
  readonly input?: string | Uint8Array;
  /** Kill it after this many milliseconds and fail; by default it may take for ever. */
  readonly timeoutMs?: number;
  /** Whether an exit code other than 0 is an error; true by default. */
  readonly check?: boolean;
  /** Called with each line as it comes, without its end. */
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
}

/** A command that runs on a host. */
export interface RunningCommand {
  /** Settles when the command has ended; rejects as `check` and `timeoutMs` say. */
  readonly result: Promise<CommandResult>;
  /** Sends a signal to the command; SIGKILL also to what it has started. */
  readonly kill: (signal?: NodeJS.Signals) => void;
}

/**
 * Closes what it has inherited (a stray descriptor from outside breaks a dump), enters the cgroups named by its first
 * argument and becomes the command made of the others.
 */
const launcher = `
for fd in /proc/self/fd/*; do fd=\${fd##*/}; if ((fd > 2)); then exec {fd}>&-; fi; done
for directory in $1; do echo 0 >"$directory/cgroup.procs" || exit; done
shift
exec "$@"`;

/** The argument vector that runs `argv` in the given cgroups, with no descriptors but stdin, stdout and stderr. */
export function inCgroups(cgroups: readonly string[], argv: readonly string[]): string[] {
  return ['bash', '-c', launcher, 'lab', cgroups.join(' '), ...argv];
}

/** The argument vector that runs `argv` on the host whose PID 1 has this PID on the machine. */
export function onHost(pid: number, cgroups: readonly string[], argv: readonly string[]): string[] {
  const namespaces = ['-m', '-p', '-n', '-u', '-i', '-C', '-r', '-w'];
  return inCgroups(cgroups, ['nsenter', '-t', String(pid), ...namespaces, '--', ...argv]);
}

/** The environment of every command on a host: nothing of the machine's shines through. */
export const hostEnvironment: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LC_ALL: 'C.UTF-8',
  // Node's pipes are sockets, and a first bash with a socket for stdin thinks sshd started it and reads ~/.bashrc.
  SHLVL: '1',
};

/**
 * Starts a command; `argv` as inCgroups() or onHost() make it, `name` is what errors call it.
 * @param signalled how a signal gets to it, if it is not this machine's process
 */
export function start(
  argv: readonly string[],
  name: string,
  options: CommandOptions = {},
  signalled?: (signal: NodeJS.Signals) => void,
): RunningCommand {
  const [file = '', ...args] = argv;
  // In a group of its own, so that Ctrl-C reaches it only through whoever runs it.
  const child = spawn(file, args, { detached: true, env: hostEnvironment, stdio: 'pipe' });
  child.stdin.on('error', () => {}); // It may end without reading its input.
  child.stdin.end(options.input ?? '');
  const send = signalled ?? ((signal) => kill(child, signal));
  const result = outcome(child, name, options, send);
  result.catch(() => {}); // Whoever never asks for the result does not want to be told.
  return { result, kill: (signal = 'SIGTERM') => send(signal) };
}

function outcome(
  child: ChildProcessWithoutNullStreams,
  name: string,
  options: CommandOptions,
  send: (signal: NodeJS.Signals) => void,
): Promise<CommandResult> {
  const { onLine, timeoutMs, check = true } = options;
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => (output[stream] += text));
    if (onLine) createInterface(child[stream]).on('line', (line) => onLine(line, stream));
  }
  return new Promise((resolve, reject) => {
    const fail = (what: string): void => {
      reject(new Error(`${name} ${what}\n${output.stdout}${output.stderr}`.trimEnd()));
    };
    const timeOut = (): void => {
      send('SIGKILL');
      fail(`took longer than ${timeoutMs} ms`);
    };
    const timer = timeoutMs === undefined ? undefined : setTimeout(timeOut, timeoutMs);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
      if (check && exitCode !== 0) fail(`ended with ${exitCode}`);
      else resolve({ ...output, exitCode });
    });
  });
}

/** nsenter waits for the command and tells how it ended, so a signal goes past it, to its child. */
function kill({ pid }: { pid?: number | undefined }, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    if (signal === 'SIGKILL') process.kill(-pid, signal);
    else for (const inner of childrenOf(pid)) process.kill(inner, signal);
  } catch (error) {
    // It has ended by itself meanwhile.
    if (!['ESRCH', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

function childrenOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return children === '' ? [pid] : children.split(' ').map(Number);
}
