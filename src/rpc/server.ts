import type { Readable, Writable } from 'node:stream';
import * as z from 'zod';
import { asPhaulError, PhaulError } from '../errors.ts';
import { toWire } from '../wire-error.ts';
import { greeting, readFrames, writeFrame } from './frames.ts';
import { heartbeat } from './heartbeat.ts';
import { step } from '../step.ts';
import { type Handlers, type Method, methods } from './methods.ts';

const request = z.union([
  z.object({
    id: z.int(),
    method: z.enum(Object.keys(methods) as [Method, ...Method[]]),
    params: z.unknown(),
  }),
  z.object({ notice: z.literal('alive'), params: z.unknown() }),
]);

/** The target's end of the rpc channel. */
export interface Server {
  readonly log: (level: 'log' | 'warn', text: string) => void;
  readonly filling: (progress: { readonly total: number; readonly placed: number }) => void;
  /** Settles when the source is gone: null after a clean end, else the reason. Never rejects. */
  readonly closed: Promise<PhaulError | null>;
}

// The source waits for most answers before it asks again; what waits here takes memory.
const mostWaiting = 16;

// In bytes. So do answers that the source does not read.
const mostUnread = 4 << 20;

/** Answers the source's calls, one at a time in the order they come (`abort` at once), each validated before it is handled. */
export function serve(input: Readable, output: Writable, handlers: Handlers): Server {
  let queue: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  let over = false;
  let close: (reason: PhaulError | null) => void;
  const closed = new Promise<PhaulError | null>((resolve) => (close = resolve));
  const end = (reason: PhaulError | null): void => {
    over = true;
    beat.stop();
    close(reason);
  };
  const send = (frame: object): void => {
    if (output.writableLength <= mostUnread) return writeFrame(output, frame);
    end(new PhaulError('PROTOCOL_ERROR', 'The source does not read what it is told.'));
  };
  // The source may be gone: `closed` tells.
  output.on('error', () => undefined);
  output.write(`${greeting}\n`);
  const beat = heartbeat(
    () => send({ notice: 'alive', params: {} }),
    () => end(new PhaulError('LINK_LOST', 'The source has fallen silent.')),
  );

  const handle = async (id: number, method: Method, params: unknown): Promise<void> => {
    try {
      const valid = checked(method, params);
      step(`takes ${method}`);
      const result = await handlers[method](valid as never);
      step(`answers ${method}`);
      send({ id, result });
    } catch (thrown) {
      send({ id, error: toWire(asPhaulError(thrown)) });
    }
  };

  readFrames(
    input,
    false,
    (frame) => {
      if (over) return;
      beat.heard();
      const parsed = request.safeParse(frame);
      if (!parsed.success)
        return end(new PhaulError('PROTOCOL_ERROR', 'The source sent an unknown message.'));
      const message = parsed.data;
      if ('notice' in message) return;
      if (++waiting > mostWaiting)
        return end(new PhaulError('PROTOCOL_ERROR', 'The source does not wait for answers.'));
      const work = (): Promise<void> =>
        handle(message.id, message.method, message.params).finally(() => waiting--);
      if (message.method === 'abort') return void work();
      queue = queue.then(() => (over ? undefined : work()));
    },
    (error) => end(error ?? null),
  );
  return {
    closed,
    filling: (progress) => send({ notice: 'filling', params: progress }),
    log: (level, text) => send({ notice: 'log', params: { level, text: text.slice(0, 4096) } }),
  };
}

/** @throws PROTOCOL_ERROR */
function checked(method: Method, params: unknown): unknown {
  try {
    return methods[method].params.parse(params);
  } catch (cause) {
    // Or they are nested deeper than the stack: no schema fits that.
    throw new PhaulError('PROTOCOL_ERROR', `The parameters of ${method} are malformed.`, { cause });
  }
}
