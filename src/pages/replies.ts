import type { Duplex } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import * as z from 'zod';
import { PhaulError } from '../errors.ts';
import { fromWire, toWire, wireError } from '../wire-error.ts';

/** What the target says on the stream of pages: a line of JSON each. */
export type Reply = { readonly stored: number } | { readonly error: PhaulError };

const schema = z.union([z.object({ stored: z.int() }), z.object({ error: wireError })]);
const longestReply = 1 << 16;

export function writeReply(out: Duplex, reply: Reply): void {
  out.write(`${JSON.stringify('error' in reply ? { error: toWire(reply.error) } : reply)}\n`);
}

/** Calls `each` with every reply up to the first error; what is no reply is an error of its own. */
export function readReplies(stream: Duplex, each: (reply: Reply) => void): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let failed = false;
  const hear = (line: string): void => {
    if (failed) return;
    const reply = parse(line);
    failed = 'error' in reply;
    each(reply);
  };
  stream.on('data', (chunk: Buffer) => {
    if (failed) return;
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    lines.forEach(hear);
    if (rest.length > longestReply) hear(rest);
  });
}

function parse(line: string): Reply {
  try {
    if (line.length > longestReply) throw new Error('too long');
    const reply = schema.parse(JSON.parse(line));
    return 'error' in reply ? { error: fromWire(reply.error) } : reply;
  } catch {
    return { error: new PhaulError('PROTOCOL_ERROR', 'The target sent an unknown reply to pages.') };
  }
}
