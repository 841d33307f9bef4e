import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { PhaulError } from '../errors.ts';
import { type DirectListener, listenDirect } from '../transport/direct.ts';
import { channelSockets } from '../transport/transport.ts';

/** The target's end of the mem and fs channels. */
export interface Channels {
  /**
   * The next stream that the source opened on the mem channel, unread, in the order they were opened. `direct`: not through ssh.
   * @throws SSH_FORWARDING, DIRECT_CONNECTION if it does not arrive
   */
  readonly nextMem: (direct: boolean) => Promise<Duplex>;
  /** Listens for direct streams, too; null if the address at which the source reaches this host is not known. */
  readonly listen: (port: number) => Promise<DirectListener | null>;
  /** No more streams come directly. Idempotent. */
  readonly closeDirect: () => void;
  readonly close: () => void;
}

// The source opens a stream before it asks for it to be used, so this is only waited out if sshd refuses to forward.
const patienceMs = 10_000;

/** So many streams of the mem channel may wait to be taken. The source opens two. */
const mostArrived = 16;

/** Listens on the Unix sockets to which sshd forwards. `onFs` gets each stream of the fs channel and the number of the fs driver. */
export async function openChannels(
  migration: string,
  onFs: (stream: Socket, driver: number) => void,
): Promise<Channels> {
  const paths = channelSockets(migration);
  const arrived: Socket[] = [];
  const waiting: ((stream: Socket) => void)[] = [];
  const mem = await listen(paths.mem, (stream) => {
    const taker = waiting.shift();
    if (taker) taker(stream);
    else if (arrived.length < mostArrived) arrived.push(stream);
    else stream.destroy();
  });
  const fs = await Promise.all(
    paths.fs.map((path, driver) => listen(path, (stream) => onFs(stream, driver))),
  );
  let directly: DirectListener | null = null;
  return {
    listen: async (port) => {
      const address = ownAddress();
      if (address !== null) directly = await listenDirect({ address, port });
      return directly;
    },
    closeDirect: () => directly?.close(),
    nextMem: (direct) =>
      new Promise((resolve, reject) => {
        if (direct) {
          if (!directly) throw new PhaulError('PROTOCOL_ERROR', 'Nobody listens for direct streams.');
          directly.next().then(resolve, reject);
          return;
        }
        const stream = arrived.shift();
        if (stream) return resolve(stream);
        const taker = (late: Socket): void => {
          clearTimeout(timer);
          resolve(late);
        };
        waiting.push(taker);
        const timer = setTimeout(() => {
          waiting.splice(waiting.indexOf(taker), 1);
          reject(new PhaulError('SSH_FORWARDING', "The source's stream did not arrive."));
        }, patienceMs);
      }),
    close: () => {
      directly?.close();
      mem.close();
      for (const server of fs) server.close();
      for (const stream of arrived) stream.destroy();
    },
  };
}

/** Where the source has reached this host: sshd tells (ssh(1), SSH_CONNECTION: its address and port, then ours). */
function ownAddress(): string | null {
  return process.env['SSH_CONNECTION']?.split(' ')[2] ?? null;
}

async function listen(path: string, onStream: (stream: Socket) => void): Promise<Server> {
  // Not a byte may be read here: the stream is handed to another process as it is.
  const server = createServer({ pauseOnConnect: true }, (stream) => {
    // Whoever uses the stream sees its end; without a listener an error would end the service.
    stream.on('error', () => undefined);
    onStream(stream);
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve));
  return server;
}
