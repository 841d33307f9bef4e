import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';

/** Node with a program, in a network namespace, until the test ends. */
function inside(
  t: ExecutionContext,
  namespace: string,
  program: string,
  ...args: readonly string[]
): ChildProcessWithoutNullStreams {
  const child = spawn('ip', ['netns', 'exec', namespace, process.execPath, '-e', program, ...args]);
  t.teardown(() => child.kill('SIGKILL'));
  return child;
}

const greeter = `
const server = require('node:net').createServer((socket) => socket.on('data', () => socket.write('hello')));
server.listen({ port: 7778, host: '::', backlog: 5 }, () => process.stdout.write('ready\\n'));
`;

/** A TCP server in that namespace that says hello when it hears something; `stall`: it goes on listening, and accepts nothing more. */
export async function startGreeter(t: ExecutionContext, namespace: string): Promise<{ stall: () => void }> {
  const child = inside(t, namespace, greeter);
  await once(child.stdout, 'data');
  return { stall: () => child.kill('SIGSTOP') };
}

const farewell = `
require('node:net').createServer((socket) => {
  socket.write(Buffer.alloc(2 * 1024 * 1024, 'x'));
  socket.once('close', () => process.stdout.write('closed\\n')).destroy();
}).listen(7779, '::', () => process.stdout.write('ready\\n'));
`;

/** A TCP server in that namespace that has much to say to each client, and closes at once. `closed` resolves when its process has done so. */
export async function startFarewell(
  t: ExecutionContext,
  namespace: string,
): Promise<{ closed: Promise<unknown> }> {
  const child = inside(t, namespace, farewell);
  await once(child.stdout, 'data');
  return { closed: once(child.stdout, 'data') };
}

const caller = `
const socket = require('node:net').connect(process.argv[2], process.argv[1], () => process.stdout.write('connected\\n'));
process.stdin.on('data', () => socket.write('.'));
if (process.argv[2] === '7778') socket.on('data', (text) => process.stdout.write(text + '\\n'));
`;

/** A client of such a server's, which has begun to connect. */
export interface Caller {
  /** Resolves when it has heard so many lines: "connected", and one hello for each `speak`. */
  readonly heard: (lines: number) => Promise<string[]>;
  readonly lines: readonly string[];
  /** Resolves when it has asked for its connection, and has no answer. */
  readonly asked: () => Promise<void>;
  readonly speak: () => void;
}

export function startCaller(t: ExecutionContext, namespace: string, address: string, port = 7778): Caller {
  const child = inside(t, namespace, caller, address, String(port));
  const lines: string[] = [];
  child.stdout.on('data', (chunk: Buffer) => lines.push(...chunk.toString().trim().split('\n')));
  return {
    lines,
    heard: async (wanted) => {
      while (lines.length < wanted) await once(child.stdout, 'data');
      return lines;
    },
    asked: async () => {
      // SYN_SENT (net/tcp_states.h).
      while (!/ \w+:1E6[23] 02 /.test(await readFile(`/proc/${child.pid}/net/tcp`, 'utf8'))) await sleep(10);
    },
    speak: () => child.stdin.write('.'),
  };
}
