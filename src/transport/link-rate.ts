import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Destination } from './destination.ts';
import { type Login, loginArguments } from './ssh.ts';

const burstMs = 700;
const limitMs = 15_000;
const block = randomBytes(1 << 18);

/**
 * How many bytes in a second go to the target through ssh, found out by sending what nobody keeps for less than a second; null if that does not work.
 * Nothing is begun there but `cat`.
 */
export async function linkRate(
  destination: Destination,
  login: Login,
  signal: AbortSignal,
): Promise<number | null> {
  const command = 'echo; exec cat >/dev/null';
  const child = spawn('ssh', [...loginArguments(destination, login), command], {
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
    signal: AbortSignal.any([signal, AbortSignal.timeout(limitMs)]),
    killSignal: 'SIGKILL',
  });
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  const ended = once(child, 'close');
  ended.catch(() => undefined);
  try {
    // It is there, and waits.
    await Promise.race([once(child.stdout.resume(), 'data'), ended]);
    const began = performance.now();
    let bytes = 0;
    while (performance.now() - began < burstMs && child.exitCode === null) {
      bytes += block.length;
      if (!child.stdin.write(block)) await Promise.race([once(child.stdin, 'drain'), ended]);
    }
    child.stdin.end();
    // Ended in order: everything has arrived.
    const [code] = (await ended) as [number | null];
    return code === 0 ? (bytes * 1000) / (performance.now() - began) : null;
  } catch {
    return null;
  }
}
