import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { PhaulError } from '../errors.ts';
import { fromWire, toWire, wireError } from '../wire-error.ts';

/** What the target says on the stream of pages: a line of JSON each. */
export type Reply = { readonly stored: number } | { readonly error: PhaulError };

const schema = z.union([z.object({ stored: z.int() }), z.object({ error: wireError })]);
const longestReply = 1 << 16;

export function writeReply(out: Duplex, reply: Reply): void {
  out.write(`${JSON.stringify('error' in reply ? { error: toWire(reply.error) } : reply)}\n`);
}

/** Calls `each` with every reply; what is none is an error of its own. */
export function readReplies(stream: Duplex, each: (reply: Reply) => void): void {
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) each(parse(line));
    if (rest.length > longestReply) each(parse(rest));
  });
}

function parse(line: string): Reply {
  try {
    const reply = schema.parse(JSON.parse(line));
    return 'error' in reply ? { error: fromWire(reply.error) } : reply;
  } catch {
    return { error: new PhaulError('PROTOCOL_ERROR', 'The target sent an unknown reply to pages.') };
  }
}
