import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { hostEnvironment } from '../command.ts';
import type { Machine } from './machine.ts';
import { overSsh } from './ssh.ts';

// The time is sent when the machine waits for it, and so is right to some milliseconds.
const script = `
set -e
mount -o ro /dev/vdb /opt/phaul
echo ready
read -r now
date --set "@$now" >/dev/null`;

/** Puts a machine that goes on as it was when its image was made into the present: the time, and the project's files. */
export async function settle({ directory, name }: Machine): Promise<void> {
  const [file = '', ...args] = overSsh(directory, name, script);
  const child = spawn(file, args, { env: hostEnvironment, stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  child.stdin.on('error', () => {}); // It may end before it asks.
  child.stdout.once('data', () => child.stdin.end(`${Date.now() / 1000}\n`));
  const [exitCode] = (await ended) as [number | null];
  if (exitCode !== 0) throw new Error(`${name} does not take the time and the project (${exitCode})`);
}
