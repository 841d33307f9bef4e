import type { Socket } from 'node:net';

/** So many peers may be in the middle of a handshake. */
export const mostPending = 64;

/** For so long each of them may be, in ms, whatever it sends. TLS needs two round trips. */
export const handshakeMs = 3000;

type Ends = Pick<Socket, 'remoteAddress' | 'remotePort'>;

/** Peers that have not shown yet that they know the secret. */
export interface PendingPeers {
  /** One more. If there are too many, another has to go. */
  readonly add: (socket: Socket) => void;
  /** It knows the secret and stays. */
  readonly admit: (stream: Ends) => void;
  readonly dropAll: () => void;
}

/**
 * Bounds in number and time what strangers can hold open on the target. When there are too many, the oldest one of the address
 * with the most has to go: a crowd from elsewhere does not drive out the source.
 */
export function pendingPeers(): PendingPeers {
  // In the order of arrival. A TLS stream does not tell which socket is below it, but address and port do.
  const peers = new Map<string, Socket>();
  const timers = new Map<Socket, NodeJS.Timeout>();
  const forget = (socket: Socket, name: string): void => {
    clearTimeout(timers.get(socket));
    timers.delete(socket);
    if (peers.get(name) === socket) peers.delete(name);
  };
  // Forgotten at once, not when it is closed: a crowd is accepted in one turn of the loop.
  const drop = (socket: Socket): void => {
    forget(socket, nameOf(socket));
    socket.destroy();
  };
  return {
    add: (socket) => {
      if (peers.size >= mostPending) drop(mostCrowded(peers.values()));
      const name = nameOf(socket);
      peers.set(name, socket);
      // Not TLSSocket's own timeout, which is one of silence: a peer that sends a byte now and then would stay.
      timers.set(
        socket,
        setTimeout(() => socket.destroy(), handshakeMs),
      );
      socket.once('close', () => forget(socket, name));
    },
    admit: (stream) => {
      const name = nameOf(stream);
      const socket = peers.get(name);
      if (socket) forget(socket, name);
    },
    dropAll: () => {
      for (const socket of timers.keys()) socket.destroy();
    },
  };
}

const nameOf = ({ remoteAddress, remotePort }: Ends): string => `${remoteAddress} ${remotePort}`;

/** The first of those that have the commonest address; there must be one. */
function mostCrowded(sockets: Iterable<Socket>): Socket {
  const crowds = new Map<string | undefined, [Socket, ...Socket[]]>();
  for (const socket of sockets) {
    const crowd = crowds.get(socket.remoteAddress);
    if (crowd) crowd.push(socket);
    else crowds.set(socket.remoteAddress, [socket]);
  }
  return [...crowds.values()].reduce((one, other) => (other.length > one.length ? other : one))[0];
}
