import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { PhaulError } from '../../src/errors.ts';
import { loadZstd, openZstd, type Zstd } from '../../src/pages/zstd.ts';
import { chance, text } from './chance.ts';

const page = 4096;
const block = 256 * 1024;
const same = (frame: Buffer): Buffer => frame;

test('the library is there, and is loaded once', (t) => {
  t.regex(library().version, /^1\.\d+\.\d+$/);
  t.is(loadZstd(), loadZstd());
});

test('a missing library is null', (t) => {
  t.is(openZstd('libzstd-that-nobody-has.so.1'), null);
});

test('a library that is not libzstd is null', (t) => {
  t.is(openZstd('libc.so.6'), null);
});

const roundTrip = test.macro({
  exec: async (t, memory: Buffer) => {
    const frame = await compressed(memory);
    t.true(frame.length < memory.length);
    const back = Buffer.alloc(memory.length, 0xaa);
    library().decompress(frame, back);
    t.true(back.equals(memory));
  },
  title: (what) => `${what} comes back as it was`,
});
test('a page of text', roundTrip, text(page));
test('a block of text', roundTrip, text(block));
test('a block of 1 MiB', roundTrip, text(2 ** 20));
test('a block of zeros', roundTrip, Buffer.alloc(block));
test('a block half text, half noise', roundTrip, Buffer.concat([text(block / 2), randomBytes(block / 2)]));

test('a block that does not shrink is not compressed', async (t) => {
  t.is(await library().compress(randomBytes(block), Buffer.alloc(block)), null);
});

test('nothing is written behind the place that was given', async (t) => {
  const { length } = await compressed(text(block));
  const around = Buffer.alloc(block, 0xaa);
  for (const most of [0, 1, 100, length - 1])
    t.is(await library().compress(text(block), around.subarray(0, most)), null, `${most} bytes`);
  t.true(around.subarray(length - 1).every((byte) => byte === 0xaa));
});

test('many calls at once do not get in the way of each other', async (t) => {
  const blocks = Array.from({ length: 40 }, (_, i) => text(page * (1 + (i % 32)), i));
  const frames = await Promise.all(blocks.map(compressed));
  for (const [i, frame] of frames.entries()) {
    const back = Buffer.alloc(blocks[i]!.length);
    library().decompress(frame, back);
    t.true(back.equals(blocks[i]!), `block ${i}`);
  }
});

test.serial('more calls than koffi takes are refused, and the next one is not', async (t) => {
  const calls = Array.from({ length: 300 }, () => library().compress(text(page), Buffer.alloc(page)));
  const refused = (await Promise.allSettled(calls)).filter(({ status }) => status === 'rejected');
  t.true(refused.length > 0);
  const [first] = refused as PromiseRejectedResult[];
  t.true(first?.reason instanceof PhaulError);
  t.truthy(await library().compress(text(page), Buffer.alloc(page)));
});

const refused = test.macro({
  exec: async (t, alter: (frame: Buffer) => Buffer, size: number, why: RegExp) => {
    const frame = alter(await compressed(text(block)));
    const error = t.throws(() => library().decompress(frame, Buffer.alloc(size)), { instanceOf: PhaulError });
    t.is(error?.code, 'PROTOCOL_ERROR');
    t.regex(error?.message ?? '', why);
  },
  title: (what) => `refused is ${what}`,
});
test('a frame with more bytes than were said', refused, same, block - 1, /too small/);
test('a frame with fewer', refused, same, block + 1, /holds 262144 bytes instead of 262145/);
test('a frame cut short', refused, (frame) => frame.subarray(0, -1), block, /incorrect/);
test(
  'a frame with something behind it',
  refused,
  (frame) => Buffer.concat([frame, frame]),
  block,
  /one frame/,
);
test('nothing', refused, () => Buffer.alloc(0), block, /begin/);
test('what is no frame', refused, () => randomBytes(page), block, /begin/);
test('a skippable frame', refused, () => Buffer.from('502a4d1800000000', 'hex'), 0, /begin/);
test('a frame of zstd 0.7', refused, (frame) => Buffer.from([0x27, ...frame.subarray(1)]), block, /begin/);

test.serial(
  'hostile frames never write outside of the place that was given, and nothing grows by them',
  async (t) => {
    const good = await compressed(text(block));
    const around = Buffer.alloc(3 * block, 0xaa);
    const into = around.subarray(block, 2 * block);
    // One for all: what waits for the garbage collection would count, too.
    const frame = Buffer.from(good);
    const before = process.memoryUsage.rss();
    const random = chance(7);
    const below = (limit: number): number => Math.floor(random() * limit);
    let bad = 0;
    for (let i = 0; i < 5000; i++) {
      good.copy(frame);
      // Half of them in the header, whose descriptor, window and content size they make up.
      for (let n = 0; n <= i % 4; n++) frame[4 + below(i % 2 ? 10 : frame.length - 4)] = below(256);
      if (!decompresses(frame, into)) bad++;
    }
    t.true(bad > 2000, `${bad} of 5000 were refused`);
    t.true(around.subarray(0, block).every((byte) => byte === 0xaa));
    t.true(around.subarray(2 * block).every((byte) => byte === 0xaa));
    t.true(process.memoryUsage.rss() - before < 64 * 2 ** 20);
  },
);

test.serial('a frame that claims to be of an exabyte is refused without a byte allocated', (t) => {
  // Single segment, eight bytes of content size, one raw block of nothing.
  const frame = Buffer.from('28b52ffde0ffffffffffffff0f010000', 'hex');
  const before = process.memoryUsage.rss();
  t.throws(() => library().decompress(frame, Buffer.alloc(page)), { code: 'PROTOCOL_ERROR' });
  t.true(process.memoryUsage.rss() - before < 16 * 2 ** 20);
});

for (const part of ['collect', 'exit'])
  test(`in a process of its own: ${part}`, (t) => {
    const script = fileURLToPath(new URL('zstd-stress.ts', import.meta.url));
    const run = spawnSync(process.execPath, [...process.execArgv, '--expose-gc', script, part], {
      encoding: 'utf8',
    });
    t.is(run.stderr, '');
    t.is(run.stdout, 'good\n');
    t.is(run.status, 0);
  });

function library(): Zstd {
  const zstd = loadZstd();
  if (!zstd) throw new Error('libzstd.so.1 is missing on this machine');
  return zstd;
}

async function compressed(memory: Buffer): Promise<Buffer> {
  const into = Buffer.alloc(memory.length);
  return into.subarray(0, (await library().compress(memory, into)) ?? 0);
}

function decompresses(frame: Buffer, into: Buffer): boolean {
  try {
    library().decompress(frame, into);
    return true;
  } catch (error) {
    if (error instanceof PhaulError && error.code === 'PROTOCOL_ERROR') return false;
    throw error;
  }
}
