import { setTimeout as sleep } from 'node:timers/promises';
import type { DriverContext } from '../../src/contracts/context.ts';
import { inetSockets } from '../../src/linux/inet-sockets.ts';
import { acceptMs, connectionsWaiting } from '../../src/unaccepted.ts';

// A peer's word may have a long way to come. One that never comes, a scanner's or a phone's in a tunnel, must not keep the freeze waiting.
const peersMs = 500;

/**
 * Resolves when every TCP connection in the container's namespace is either a process's or wholly over. CRIU cannot dump one that nobody has
 * accepted (criu/sk-inet.c:175), and knows nothing of those that only the kernel has: one half made, and one that its process has
 * closed while its last words are on the way. On the target both would be answered with a reset.
 * @param pid a process in the network namespace
 * @throws CONNECTIONS_WAITING after 2 s
 */
export async function connectionsSettled(pid: number, { signal, warn }: DriverContext): Promise<void> {
  const began = performance.now();
  for (;;) {
    const sockets = await inetSockets(pid);
    const waiting = sockets.filter(({ unaccepted }) => unaccepted > 0);
    const leaving = sockets.filter((socket) => socket.leaving).length;
    const tookMs = performance.now() - began;
    const peersHaveTime = tookMs < peersMs && (leaving > 0 || sockets.some(({ opening }) => opening));
    if (waiting.length === 0 && !peersHaveTime) {
      if (leaving > 0) warn(brokenOff(leaving));
      return;
    }
    if (tookMs > acceptMs)
      throw connectionsWaiting(waiting.map(({ local, unaccepted }) => ({ port: local.port, unaccepted })));
    await sleep(5, undefined, { signal });
  }
}

const brokenOff = (count: number): string =>
  `The container has closed ${count === 1 ? 'a connection' : `${count} connections`} whose other end has not received everything yet, and will not: only what a process has moves.`;
