import { PassThrough } from 'node:stream';
import { PhaulError } from '../../src/errors.ts';
import { type Caller, caller } from '../../src/rpc/caller.ts';
import type { Handlers } from '../../src/rpc/methods.ts';
import { serve, type Server } from '../../src/rpc/server.ts';

/** One end under test, with its streams in hand: `say` is what the other side sends, `heard` what it was sent. */
export interface End {
  readonly say: (...frames: (object | string | Buffer)[]) => void;
  readonly hangUp: () => void;
  /** The connection is gone, without an end. */
  readonly break: () => void;
  /** Every frame sent by the end under test, heartbeats left out. */
  readonly heard: () => Record<string, unknown>[];
}

export const linkLost = (): PhaulError => new PhaulError('LINK_LOST', 'The connection ended.');

function end(): End & { readonly input: PassThrough; readonly output: PassThrough } {
  const input = new PassThrough();
  const output = new PassThrough();
  let text = '';
  output.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  return {
    input,
    output,
    say: (...frames) => {
      for (const frame of frames)
        input.write(
          typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : `${JSON.stringify(frame)}\n`,
        );
    },
    break: () => void input.destroy(),
    hangUp: () => void input.end(),
    heard: () =>
      text
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .filter(({ notice }) => notice !== 'alive'),
  };
}

interface CallerEnd extends End, Caller {
  /** The notices that were heard. */
  readonly log: string[];
  /** How many of them after no call could be answered any more. */
  readonly late: () => number;
}

/** A caller whose target is played by the test. */
export function callerEnd(greeting = 'phaul-rpc\n'): CallerEnd {
  const ends = end();
  const log: string[] = [];
  let atDeath = Infinity;
  const rpc = caller({
    ...ends,
    onLog: (level, text) => log.push(`${level}: ${text}`),
    onFilling: ({ placed, total }) => log.push(`filling: ${placed} of ${total}`),
    whyClosed: () => Promise.resolve(linkLost()),
    onDeath: () => (atDeath = log.length),
  });
  ends.say(greeting);
  return { ...ends, ...rpc, log, late: () => Math.max(0, log.length - atDeath) };
}

/** A server whose source is played by the test. Handlers that are not given fail the call. */
export function serverEnd(handlers: Partial<Handlers> = {}): End & Server {
  const ends = end();
  return { ...ends, ...serve(ends.input, ends.output, { ...noHandlers, ...handlers }) };
}

/** A caller and a server that talk to each other; `cut` ends the connection as a broken link does. */
export function joined(handlers: Partial<Handlers>): {
  readonly rpc: Caller;
  readonly server: Server;
  readonly log: string[];
  readonly cut: () => void;
} {
  const [there, back] = [new PassThrough(), new PassThrough()];
  const log: string[] = [];
  const server = serve(there, back, { ...noHandlers, ...handlers });
  const rpc = caller({
    input: back,
    output: there,
    onLog: (level, text) => log.push(`${level}: ${text}`),
    onFilling: ({ placed, total }) => log.push(`filling: ${placed} of ${total}`),
    whyClosed: () => Promise.resolve(linkLost()),
  });
  return {
    rpc,
    server,
    log,
    cut: () => {
      there.destroy();
      back.destroy();
    },
  };
}

const none = (): Promise<never> => Promise.reject(new Error('no handler'));
/** Each fails the call. */
export const noHandlers: Handlers = {
  hello: none,
  survey: none,
  check: none,
  begin: none,
  attach: none,
  prepare: none,
  fill: none,
  arm: none,
  checkpoint: none,
  ready: none,
  standBy: none,
  takeOver: none,
  commit: none,
  finish: none,
  abort: none,
  resume: none,
  logs: none,
};

/** Long enough for everything that is already in the streams to be handled. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}
