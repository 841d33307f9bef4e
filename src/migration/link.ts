import { randomUUID } from 'node:crypto';
import { PhaulError } from '../errors.ts';
import { type Caller, caller } from '../rpc/caller.ts';
import { type Method, type Params, protocolVersion, type Result } from '../rpc/methods.ts';
import type { Transport } from '../transport/transport.ts';
import { version } from '../version.ts';
import { abortReason, interruptible, type Migration } from './migration.ts';

/** The connection to the target, greeted. */
export interface Link {
  readonly transport: Transport;
  /** The target's host name. */
  readonly host: string;
  /** A call that an abort of the migration interrupts. Throws as Caller.call does. */
  readonly call: <M extends Method>(method: M, params: Params<M>) => Promise<Result<M>>;
  /** A call that must be heard out: commit, finish, abort. */
  readonly insist: <M extends Method>(method: M, params: Params<M>) => Promise<Result<M>>;
  readonly close: () => void;
}

export const newMigrationId = (): string => randomUUID();

// ssh itself gives up after its ConnectTimeout of 10 s; this covers a target that accepts and then says nothing.
const helloMs = 30_000;

// For ssh to tell by itself why the connection ended.
const goodbyeMs = 500;

/** Greets the service at the other end. @throws what ssh says if there is none, PROTOCOL_VERSION, CANCELLED */
export async function openLink(m: Migration, transport: Transport): Promise<Link> {
  let greeted = false;
  const rpc: Caller = caller({
    ...transport.rpc,
    // A copy of files that nobody takes would wait for ever.
    onDeath: (error) => greeted && m.abort(error),
    onLog: (level, text) => m.say(level, text, 'target'),
    onFilling: (progress) => m.emit({ type: 'filling', ...progress }, 'target'),
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
  const timer = setTimeout(
    () => m.abort(new PhaulError('TARGET_UNREACHABLE', 'The target does not answer.')),
    helloMs,
  );
  try {
    const hello = rpc.call('hello', { protocol: protocolVersion, phaul: version, migration: m.id });
    const { host } = await interruptible(m, hello);
    greeted = true;
    return {
      transport,
      host,
      call: (method, params) =>
        rpc.call(method, params, m.signal).catch((error: unknown) => {
          throw m.signal.aborted ? abortReason(m) : error;
        }),
      insist: (method, params) => rpc.call(method, params),
      close,
    };
  } catch (error) {
    close();
    // Before the first answer a broken connection means that there never was one.
    if (error instanceof PhaulError && error.code === 'LINK_LOST')
      throw new PhaulError('TARGET_UNREACHABLE', error.message, error.details);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
