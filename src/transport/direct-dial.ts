import type { Duplex } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { PhaulError } from '../errors.ts';
import { directIdentity, directTls, endLater, welcome } from './direct-tls.ts';

export interface DialOptions {
  /** The target's address, as the source sees it. */
  readonly address: string;
  readonly port: number;
  /** The listener's. */
  readonly secret: Buffer;
  /** For all of it: connection, handshake, trying again. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens one direct stream from the source to the target's listener. It is the listener's next stream when this returns, and what
 * is said at DirectListener.next of use and end holds here too.
 *
 * @throws DIRECT_CONNECTION if the port cannot be reached or what listens there does not know the secret, CANCELLED
 */
export async function dialDirect(options: DialOptions): Promise<Duplex> {
  const deadline = performance.now() + options.timeoutMs;
  for (;;) {
    try {
      return await dialOnce(options, deadline - performance.now());
    } catch (error) {
      // The listener drops a peer without a word only where too many strangers knock at the same time.
      const again = error instanceof PhaulError && codeOf(error.cause) === 'ECONNRESET';
      if (!again || performance.now() + retryMs >= deadline) throw error;
      await pause(retryMs);
    }
  }
}

const retryMs = 100;

function dialOnce(options: DialOptions, timeoutMs: number): Promise<Duplex> {
  const { address, port, secret, signal } = options;
  return new Promise((resolve, reject) => {
    const cancelled = (): PhaulError => new PhaulError('CANCELLED', 'No direct connection was opened.');
    if (signal?.aborted) return reject(cancelled());
    const stream = connect({
      ...directTls,
      host: address,
      port,
      pskCallback: () => ({ psk: secret, identity: directIdentity }),
      // Asked only where the other end showed a certificate in place of the secret. Said, so that the environment cannot unsay it.
      rejectUnauthorized: true,
      checkServerIdentity: () => coded('ERR_NO_SECRET'),
    });
    stream.setNoDelay(true);
    endLater(stream);
    const settled = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      stream
        .off('secureConnect', onSecure)
        .off('readable', onReadable)
        .off('close', onClose)
        .off('end', onClose);
    };
    const fail = (error: PhaulError): void => {
      settled();
      stream.destroy();
      reject(error);
    };
    const failed = (cause: Error): void => fail(failure(address, port, cause));
    const onAbort = (): void => fail(cancelled());
    const onClose = (): void => failed(coded('ECONNRESET'));
    const onSecure = (): void => void stream.on('readable', onReadable);
    const onReadable = (): void => {
      const first = firstByte(stream);
      if (first === null) return;
      if (first !== welcome) return failed(coded('ERR_NO_WELCOME'));
      settled();
      resolve(stream);
    };
    const timer = setTimeout(() => failed(coded('ETIMEDOUT')), Math.max(0, timeoutMs));
    signal?.addEventListener('abort', onAbort, { once: true });
    // It stays: whoever uses the stream sees its end, and without a listener an error would end phaul.
    stream.on('error', failed);
    stream.on('secureConnect', onSecure).on('close', onClose).on('end', onClose);
  });
}

const firstByte = (stream: TLSSocket): number | null => (stream.read(1) as Buffer | null)?.[0] ?? null;

const coded = (code: string): Error => Object.assign(new Error(code), { code });

const codeOf = (cause: unknown): string => (cause as NodeJS.ErrnoException | undefined)?.code ?? 'unknown';

function failure(address: string, port: number, cause: Error): PhaulError {
  const code = codeOf(cause);
  // The kernel's and the resolver's codes; those of TLS and of certificates have other forms.
  const message = /^E(?!RR)/.test(code)
    ? `${address}, port ${port}, cannot be reached (${code}).`
    : `What answers on ${address}, port ${port}, does not know the secret of this migration (${code}).`;
  return new PhaulError('DIRECT_CONNECTION', message, { host: 'target', cause });
}
