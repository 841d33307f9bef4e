import { PassThrough } from 'node:stream';
import test from 'ava';
import type { PhaulError } from '../../src/errors.ts';
import { readFrames, writeFrame } from '../../src/rpc/frames.ts';
import { settle } from './ends.ts';

interface Read {
  readonly frames: unknown[];
  readonly ends: (PhaulError | undefined)[];
}

async function read(chunks: readonly (string | Buffer)[], afterGreeting = false): Promise<Read> {
  const input = new PassThrough();
  const result: Read = { frames: [], ends: [] };
  readFrames(
    input,
    afterGreeting,
    (frame) => result.frames.push(frame),
    (error) => result.ends.push(error),
  );
  for (const chunk of chunks) input.write(chunk);
  input.end();
  await settle();
  return result;
}

test('what is written on one side is read on the other', async (t) => {
  const output = new PassThrough();
  const sent = [{}, { text: 'line\nbreak \u2028 ü 🚚' }, { deep: [[[]]], nothing: null }];
  for (const frame of sent) writeFrame(output, frame);
  const { frames, ends } = await read([output.read() as Buffer]);
  t.deepEqual(frames, sent);
  t.deepEqual(ends, [undefined]);
});

test('frames come whole however the stream is cut, in the middle of a character too', async (t) => {
  const bytes = Buffer.from('{"text":"ü 🚚"}\n{"more":[1,2]}\n');
  const { frames } = await read([...bytes].map((byte) => Buffer.of(byte)));
  t.deepEqual(frames, [{ text: 'ü 🚚' }, { more: [1, 2] }]);
});

const talk = test.macro<[string]>({
  exec: async (t, before) => {
    const { frames, ends } = await read([before, '{"first":1}\n'], true);
    t.deepEqual(frames, [{ first: 1 }]);
    t.deepEqual(ends, [undefined]);
  },
  title: (what) => `${what} before the first frame is skipped`,
});
test('a greeting alone', talk, 'phaul-rpc\n');
test("a shell's talk", talk, 'Welcome to Debian\n{"not":"ours"}\n\nphaul-rpc\n');
test('talk with carriage returns and bytes that are not text', talk, 'hi\r\n\xff\xfe\0\r\nphaul-rpc\r\n');
test('much talk, line by line,', talk, `${'x'.repeat(1000)}\n`.repeat(500) + 'phaul-rpc\n');

const broken = test.macro<[string, RegExp, boolean?]>({
  exec: async (t, text, how, afterGreeting = false) => {
    const { frames, ends } = await read(
      ['{"good":1}\n', ...(afterGreeting ? [text] : []), `${text}\n{"late":1}\n`],
      afterGreeting,
    );
    t.deepEqual(frames, afterGreeting ? [] : [{ good: 1 }]);
    t.is(ends.length, 1);
    t.is(ends[0]?.code, 'PROTOCOL_ERROR');
    t.regex(ends[0]?.message ?? '', how);
  },
  title: (what) => `${what} ends the reading with PROTOCOL_ERROR, and what follows is not read`,
});
test('text that is not JSON', broken, '{"half":', /not JSON/);
test('an empty line', broken, '', /not JSON/);
test('a frame that is too long', broken, JSON.stringify('x'.repeat(2 ** 20)), /too long/);
test('a frame that never ends', broken, '['.repeat(2 ** 21), /too long/);
test('talk without a line break', broken, 'x'.repeat(2 ** 17), /too long/, true);

test('a frame of a megabyte, brackets and all, is not too long', async (t) => {
  const text = JSON.stringify('x'.repeat(2 ** 20 - 2));
  const { frames, ends } = await read([`${text}\n`]);
  t.is((frames[0] as string).length, 2 ** 20 - 2);
  t.deepEqual(ends, [undefined]);
});

test('a frame that is cut off is told from a clean end', async (t) => {
  t.deepEqual((await read(['{"a":1}\n'])).ends, [undefined]);
  const { ends } = await read(['{"a":1}\n{"b":']);
  t.regex(ends[0]?.message ?? '', /cut off/);
  t.is(ends.length, 1);
});

test('a stream that is destroyed ends once, without a frame', async (t) => {
  const input = new PassThrough();
  let ends = 0;
  readFrames(
    input,
    false,
    () => t.fail(),
    () => ends++,
  );
  input.write('{"half":');
  await settle();
  input.destroy(new Error('connection reset'));
  await settle();
  t.is(ends, 1);
});
