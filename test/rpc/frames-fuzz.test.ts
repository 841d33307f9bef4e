import { PassThrough } from 'node:stream';
import test from 'ava';
import type { PhaulError } from '../../src/errors.ts';
import { readFrames } from '../../src/rpc/frames.ts';
import { chunked } from '../fuzz/damage.ts';
import { fuzz, inputs, settles } from '../fuzz/fuzz.ts';
import { damagedLines } from './damaged-lines.ts';
import { released } from './recordings.ts';

/** The frames up to the first that is none, and whether that one is there. */
function expected(bytes: Buffer, greeted: boolean): { frames: unknown[]; broken: boolean } {
  const lines = bytes.toString().split('\n');
  const rest = lines.pop();
  const first = greeted ? 0 : lines.findIndex((line) => line.trim() === 'phaul-rpc') + 1;
  const talk = greeted ? [] : first > 0 ? lines.slice(0, first) : [...lines, rest ?? ''];
  if (talk.some((line) => line.length > 2 ** 16)) return { frames: [], broken: true };
  if (!greeted && first === 0) return { frames: [], broken: false };
  const frames: unknown[] = [];
  for (const line of lines.slice(first)) {
    try {
      if (line.length > 2 ** 20) throw new Error('too long');
      frames.push(JSON.parse(line));
    } catch {
      return { frames, broken: true };
    }
  }
  return { frames, broken: rest !== '' };
}

/** How many characters stand for bytes that are no text depends on the chunks. */
function text(frame: unknown): string {
  try {
    return JSON.stringify(frame).replace(/\ufffd+/g, '?');
  } catch {
    return 'nested deeper than the stack';
  }
}

test('whatever bytes come, the frames up to the first bad one are read, and the reading ends once', async (t) => {
  await fuzz(t, inputs.frames, async (random) => {
    const afterGreeting = random() < 0.3;
    const who = afterGreeting ? 'target' : 'source';
    const chunks = chunked(random, damagedLines(random, released, who));
    const input = new PassThrough();
    const frames: unknown[] = [];
    const ends: (PhaulError | undefined)[] = [];
    const ended = new Promise<void>((resolve) =>
      readFrames(
        input,
        afterGreeting,
        (frame) => {
          if (ends.length > 0) throw new Error('a frame after the end');
          frames.push(frame);
        },
        (error) => {
          ends.push(error);
          resolve();
        },
      ),
    );
    for (const chunk of chunks) input.write(chunk);
    input.end();
    await settles(ended, 'the reader');
    const { broken, frames: good } = expected(Buffer.concat(chunks), !afterGreeting);
    if (ends.length !== 1) throw new Error(`it ended ${ends.length} times`);
    if (ends[0]?.code !== (broken ? 'PROTOCOL_ERROR' : undefined)) throw new Error('it ended otherwise');
    if (frames.map(text).join() !== good.map(text).join()) throw new Error('it read other frames');
  });
});
