import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer } from 'node:tls';
import { deferred, type Deferred } from '../deferred.ts';
import { PhaulError } from '../errors.ts';
import { pendingPeers } from './direct-pending.ts';
import { directIdentity, directTls, endLater, welcome } from './direct-tls.ts';

export interface ListenOptions {
  /** The address of this host to listen on; `::` for all. */
  readonly address: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Aborted: the same as close(). */
  readonly signal?: AbortSignal | undefined;
}

/** The target's end of the direct connection: TLS 1.3 over TCP, with a secret that the source was told over ssh. */
export interface DirectListener {
  readonly address: string;
  readonly port: number;
  /** 32 random bytes, made for this listener. Whoever knows them may open streams: for the source, over ssh, and no log. */
  readonly secret: Buffer;
  /**
   * The next stream of a peer that knows the secret, in the order in which they were opened. Nobody reads it yet, and it has an
   * 'error' listener. It is half-open capable: end() says "no more bytes from here" and the other direction goes on, so both ends
   * must call end() or destroy(). (A `for await` ends with destroy() of both directions, unless it is over
   * `iterator({ destroyOnReturn: false })`.)
   *
   * 'end' is no proof that all bytes came. Node does not tell the end of TLS from that of TCP, which anybody on the way can
   * bring about. What travels here must say itself where it is complete.
   *
   * @throws DIRECT_CONNECTION if none arrives within 10 s, or the listener is closed
   */
  readonly next: () => Promise<Duplex>;
  /** Stop listening. Streams that next() gave live on. Idempotent. */
  readonly close: () => void;
}

// The source opens a stream before it asks for it to be used, so this is only waited out if something between them drops it.
const patienceMs = 10_000;

/** So many streams may wait to be taken. The source opens a few; more would be a defect or an attack. */
const mostWaiting = 16;

/** Listens for direct streams on the target. @throws DIRECT_CONNECTION if the address or port cannot be had, CANCELLED */
export async function listenDirect({ address, port, signal }: ListenOptions): Promise<DirectListener> {
  if (signal?.aborted) throw new PhaulError('CANCELLED', 'Nothing was listened on.');
  const secret = randomBytes(32);
  const pending = pendingPeers();
  const arrived: Duplex[] = [];
  const takers: Deferred<Duplex>[] = [];
  const closed = new PhaulError('DIRECT_CONNECTION', 'The direct connection is closed.', { host: 'target' });
  let open = true;
  const server = createServer(
    {
      ...directTls,
      noDelay: true,
      pskCallback: (_socket, identity) => (identity === directIdentity ? secret : null),
    },
    (stream) => {
      pending.admit(stream);
      // Whoever uses the stream sees its end; without a listener an error would end the service.
      stream.on('error', () => undefined);
      endLater(stream);
      if (!open || arrived.length >= mostWaiting) return void stream.destroy();
      stream.write(Buffer.of(welcome));
      const taker = takers.shift();
      if (taker) taker.resolve(stream);
      else arrived.push(stream);
    },
  );
  server.on('connection', pending.add);
  // Strangers are not worth a line in the log: anybody could fill it.
  server.on('tlsClientError', (_error, stream) => stream.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const message = `The target cannot listen on ${address}, port ${port} (${cause.code}).`;
      reject(new PhaulError('DIRECT_CONNECTION', message, { host: 'target', cause }));
    });
    server.listen({ host: address, port }, resolve);
  });
  // A stream that could not be accepted, for want of descriptors: the source tries again.
  server.on('error', () => undefined);

  const close = (): void => {
    if (!open) return;
    open = false;
    signal?.removeEventListener('abort', close);
    server.close();
    pending.dropAll();
    for (const stream of arrived) stream.destroy();
    for (const taker of takers.splice(0)) taker.reject(closed);
  };
  signal?.addEventListener('abort', close, { once: true });
  if (signal?.aborted) {
    close();
    throw new PhaulError('CANCELLED', 'Nothing is listened on any more.');
  }

  return {
    ...whereIs(server.address()),
    secret,
    next: async () => {
      if (!open) throw closed;
      for (let stream; (stream = arrived.shift());) if (!stream.destroyed) return stream;
      const taker = deferred<Duplex>();
      takers.push(taker);
      const timer = setTimeout(() => {
        takers.splice(takers.indexOf(taker), 1);
        const message = "The source's direct connection did not arrive.";
        taker.reject(new PhaulError('DIRECT_CONNECTION', message, { host: 'target' }));
      }, patienceMs);
      return taker.promise.finally(() => clearTimeout(timer));
    },
    close,
  };
}

/** A TCP server's address is never a path or nothing while it listens. */
const whereIs = (bound: AddressInfo | string | null): { address: string; port: number } => {
  const { address, port } = bound as AddressInfo;
  return { address, port };
};
