import { randomUUID } from 'node:crypto';
import { PhaulError } from '../errors.ts';
import { type Caller, caller } from '../rpc/caller.ts';
import { type Method, type Params, protocolVersion, type Result } from '../rpc/methods.ts';
import type { Transport } from '../transport/transport.ts';
import { version } from '../version.ts';

/** The connection to the target, greeted. */
export interface Link {
  readonly transport: Transport;
  /** The target's host name. */
  readonly host: string;
  /** The release of phaul there. */
  readonly phaul: string;
  /** A call that an abort of the migration interrupts. Throws as Caller.call does. */
  readonly call: <M extends Method>(method: M, params: Params<M>) => Promise<Result<M>>;
  /** A call that must be heard out. */
  readonly insist: <M extends Method>(method: M, params: Params<M>) => Promise<Result<M>>;
  /** From now on all calls go over this other one, made since this one broke. */
  readonly continueOn: (next: Link) => void;
  readonly close: () => void;
}

export interface LinkOptions {
  readonly transport: Transport;
  /** The migration's id; of a connection that is to resume another's, one of its own. */
  readonly id: string;
  readonly signal: AbortSignal;
  /** A driver's words on the target. */
  readonly say: (level: 'log' | 'warn', text: string) => void;
  readonly onFilling: (progress: { readonly total: number; readonly placed: number }) => void;
  /** It broke after it had been greeted. */
  readonly onDeath: (error: PhaulError) => void;
}

export const newMigrationId = (): string => randomUUID();

// ssh itself gives up after its ConnectTimeout of 10 s; this covers a target that accepts and then says nothing.
const helloMs = 30_000;

// For ssh to tell by itself why the connection ended.
const goodbyeMs = 500;

/** Greets the service at the other end. @throws what ssh says if there is none, PROTOCOL_VERSION, the signal's reason */
export async function openLink(options: LinkOptions): Promise<Link> {
  const { transport, id, signal, say, onFilling, onDeath } = options;
  let greeted = false;
  const rpc: Caller = caller({
    ...transport.rpc,
    onDeath: (error) => greeted && onDeath(error),
    onLog: say,
    onFilling,
    whyClosed: () => {
      // ssh stays for as long as a process on the target holds a stream of it, though the service is gone.
      setTimeout(transport.close, goodbyeMs).unref();
      return transport.closed;
    },
  });
  const close = (): void => {
    greeted = false;
    rpc.close();
    transport.close();
  };
  try {
    const hello = rpc.call('hello', { protocol: protocolVersion, phaul: version, migration: id });
    const { host, phaul } = await inTime(hello, signal);
    greeted = true;
    return linkOver(rpc, { transport, host, phaul, signal, close });
  } catch (error) {
    close();
    // Before the first answer a broken connection means that there never was one.
    if (error instanceof PhaulError && error.code === 'LINK_LOST')
      throw new PhaulError('TARGET_UNREACHABLE', error.message, error.details);
    throw error;
  }
}

function linkOver(
  rpc: Caller,
  {
    signal,
    ...rest
  }: Pick<Link, 'transport' | 'host' | 'phaul' | 'close'> & { readonly signal: AbortSignal },
): Link {
  let next: Link | null = null;
  return {
    ...rest,
    call: (method, params) =>
      next
        ? next.call(method, params)
        : rpc.call(method, params, signal).catch((error: unknown) => {
            throw signal.aborted ? signal.reason : error;
          }),
    insist: (method, params) => (next ? next.insist(method, params) : rpc.call(method, params)),
    continueOn: (other) => {
      if (!next) rest.close();
      next?.close();
      next = other;
    },
    close: () => (next ?? rest).close(),
  };
}

/** @throws TARGET_UNREACHABLE, the signal's reason */
async function inTime<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  answer.catch(() => undefined);
  let settle: (error: unknown) => void = () => undefined;
  const ended = new Promise<never>((_, reject) => (settle = reject));
  const late = setTimeout(
    () => settle(new PhaulError('TARGET_UNREACHABLE', 'The target does not answer.')),
    helloMs,
  );
  const onAbort = (): void => settle(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([answer, ended]);
  } finally {
    clearTimeout(late);
    signal.removeEventListener('abort', onAbort);
  }
}
