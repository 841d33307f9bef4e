import type { Readable, Writable } from 'node:stream';
import * as z from 'zod';
import { PhaulError } from '../errors.ts';
import { fromWire, wireError } from '../wire-error.ts';
import { step } from '../step.ts';
import { readFrames, writeFrame } from './frames.ts';
import { heartbeat } from './heartbeat.ts';
import { type Method, methods, notices, type Params, type Result } from './methods.ts';

/** The source's end of the rpc channel. */
export interface Caller {
  /**
   * @throws what the target threw (as a PhaulError of the target), LINK_LOST when the connection breaks or falls silent,
   * CANCELLED when `signal` is aborted (the target still works on the call then), PROTOCOL_ERROR for a malformed answer.
   */
  readonly call: <M extends Method>(method: M, params: Params<M>, signal?: AbortSignal) => Promise<Result<M>>;
  /** What the target says from here on is not heard. Calls under way fail when the connection ends. Idempotent. */
  readonly close: () => void;
}

interface CallerOptions {
  readonly input: Readable;
  readonly output: Writable;
  readonly onLog: (level: 'log' | 'warn', text: string) => void;
  readonly onFilling: (progress: { readonly total: number; readonly placed: number }) => void;
  /** The reason why the transport ended, asked for when the stream does. */
  readonly whyClosed: () => Promise<PhaulError>;
  /** No call will be answered any more. Nobody may be waiting for an answer just then, but for something else of the target's. */
  readonly onDeath?: (error: PhaulError) => void;
}

const answer = z.union([
  z.object({ id: z.int(), result: z.unknown() }),
  z.object({ id: z.int(), error: wireError }),
  z.object({ notice: z.enum(['alive', 'log', 'filling']), params: z.unknown() }),
]);

export function caller(options: CallerOptions): Caller {
  const pending = new Map<number, { settle: (value: unknown) => void; fail: (error: PhaulError) => void }>();
  let lastId = 0;
  let dead: PhaulError | null = null;
  let closed = false;

  const die = (error: PhaulError): void => {
    if (dead) return;
    dead = error;
    beat.stop();
    options.onDeath?.(error);
    for (const { fail } of pending.values()) fail(dead);
    pending.clear();
  };
  const beat = heartbeat(
    () => writeFrame(options.output, { notice: 'alive', params: {} }),
    () => die(new PhaulError('LINK_LOST', 'The target has fallen silent.')),
    'first',
  );

  readFrames(
    options.input,
    true,
    (frame) => {
      if (dead || closed) return;
      beat.heard();
      const parsed = answer.safeParse(frame);
      if (!parsed.success)
        return die(new PhaulError('PROTOCOL_ERROR', 'The target sent an unknown message.'));
      const message = parsed.data;
      if ('notice' in message) {
        const log = message.notice === 'log' ? notices.log.safeParse(message.params) : null;
        if (log?.success) options.onLog(log.data.level, log.data.text);
        const filling = message.notice === 'filling' ? notices.filling.safeParse(message.params) : null;
        if (filling?.success) options.onFilling(filling.data);
        return;
      }
      const call = pending.get(message.id);
      if (!call) return die(new PhaulError('PROTOCOL_ERROR', 'The target answered a question nobody asked.'));
      pending.delete(message.id);
      if ('error' in message) call.fail(fromWire(message.error));
      else call.settle(message.result);
    },
    (error) => {
      if (error) die(error);
      else void options.whyClosed().then(die);
    },
  );

  return {
    call: (method, params, signal) =>
      new Promise((resolve, reject) => {
        if (dead) return reject(dead);
        if (signal?.aborted) return reject(cancelled());
        const id = ++lastId;
        const onAbort = (): void => {
          pending.set(id, { settle: () => undefined, fail: () => undefined });
          reject(cancelled());
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        const settled = (): void => signal?.removeEventListener('abort', onAbort);
        pending.set(id, {
          settle: (value) => {
            settled();
            step(`hears ${method}`);
            const result = methods[method].result.safeParse(value);
            if (result.success) resolve(result.data as never);
            else reject(new PhaulError('PROTOCOL_ERROR', `The target's answer to ${method} is malformed.`));
          },
          fail: (error) => {
            settled();
            reject(error);
          },
        });
        step(`asks ${method}`);
        writeFrame(options.output, { id, method, params });
      }),
    close: () => {
      closed = true;
      beat.stop();
    },
  };
}

function cancelled(): PhaulError {
  return new PhaulError('CANCELLED', 'The migration was cancelled.');
}
