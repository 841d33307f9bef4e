import { setTimeout as sleep } from 'node:timers/promises';
import { PhaulError } from '../../src/errors.ts';
import { inetSockets } from '../../src/linux/inet-sockets.ts';

// An answer to a handshake may have a long way to come. One that never comes, of a scanner's, must not keep the freeze waiting.
const handshakeMs = 500;
// A server at work accepts within milliseconds.
const acceptMs = 2000;

/**
 * Resolves when every TCP connection that somebody has asked the container for is made, and accepted by a process of its: CRIU cannot
 * dump one that nobody has accepted (criu/sk-inet.c:175), and a restore knows nothing of one half made, whose client would be told
 * that there is none.
 * @param pid a process in the network namespace
 * @throws CONNECTIONS_WAITING after 2 s
 */
export async function connectionsAccepted(pid: number, signal: AbortSignal): Promise<void> {
  const began = performance.now();
  for (;;) {
    const sockets = await inetSockets(pid);
    const waiting = sockets.filter(({ unaccepted }) => unaccepted > 0);
    const tookMs = performance.now() - began;
    if (waiting.length === 0 && (tookMs > handshakeMs || !sockets.some(({ opening }) => opening))) return;
    if (tookMs > acceptMs) {
      const ports = waiting.map(({ local, unaccepted }) => `${unaccepted} at port ${local.port}`).join(', ');
      throw new PhaulError(
        'CONNECTIONS_WAITING',
        `The container does not accept the connections that wait for it: ${ports}.`,
        { host: 'source' },
      );
    }
    await sleep(5, undefined, { signal });
  }
}
