import { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { handshakeMs, mostPending, pendingPeers } from '../../src/transport/direct-pending.ts';

/** Sockets that look like those of peers from an address. */
function peersFrom(t: ExecutionContext, remoteAddress: string, count: number): Socket[] {
  return Array.from({ length: count }, (_, remotePort) => {
    const socket = Object.defineProperties(new Socket(), {
      remoteAddress: { value: remoteAddress },
      remotePort: { value: remotePort },
    });
    t.teardown(() => socket.destroy());
    return socket;
  });
}

const dropped = (sockets: readonly Socket[]): number => sockets.filter((socket) => socket.destroyed).length;

test('of a crowd that comes at the same moment only so many stay, the newest', (t) => {
  const pending = pendingPeers();
  const crowd = peersFrom(t, '192.0.2.1', 3 * mostPending);
  for (const socket of crowd) pending.add(socket);
  t.is(dropped(crowd), 2 * mostPending);
  t.is(dropped(crowd.slice(-mostPending)), 0);
});

test('a crowd from one address does not drive out a source at another', (t) => {
  const pending = pendingPeers();
  const [source] = peersFrom(t, '198.51.100.1', 1) as [Socket];
  const crowd = peersFrom(t, '192.0.2.1', 3 * mostPending);
  for (const socket of [source, ...crowd]) pending.add(socket);
  t.false(source.destroyed);
});

test('who was admitted stays, past the time limit and the end; the others go', async (t) => {
  const pending = pendingPeers();
  const [source, stranger, late] = peersFrom(t, '192.0.2.1', 3) as [Socket, Socket, Socket];
  pending.add(source);
  pending.add(stranger);
  pending.admit(source);
  await pause(handshakeMs + 100);
  t.true(stranger.destroyed);
  pending.add(late);
  pending.dropAll();
  t.true(late.destroyed);
  t.false(source.destroyed);
});
