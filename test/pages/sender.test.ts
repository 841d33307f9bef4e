import { PassThrough } from 'node:stream';
import test from 'ava';
import { type Encoding, fixedCompression } from '../../src/pages/compression.ts';
import { frameBytes, frameKinds } from '../../src/pages/frame.ts';
import { pace } from '../../src/pages/pace.ts';
import { pageSender, type Sender } from '../../src/pages/sender.ts';
import { loadZstd } from '../../src/pages/zstd.ts';
import { settle } from '../rpc/ends.ts';

function toNowhere(
  encoding: Encoding = 'raw',
  bytesPerSecond: number | null = null,
): { sender: Sender; out: PassThrough } {
  const out = new PassThrough();
  out.resume();
  const options = { compression: fixedCompression(encoding), zstd: loadZstd(), pace: pace(bytesPerSecond) };
  return { sender: pageSender(out, options, (error) => out.destroy(error)), out };
}

for (let turns = 0; turns < 8; turns++)
  test(`what is given ${turns} turns after the last has gone is sent, too`, async (t) => {
    const { sender } = toNowhere();
    sender.frame({ kind: frameKinds.iteration, number: 1 });
    sender.flush();
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    sender.frame({ kind: frameKinds.end, number: 1 });
    sender.flush();
    await settle();
    t.is(sender.sent().bytes, 2 * frameBytes);
  });

test('a block is done with when all before it have gone', async (t) => {
  const { sender } = toNowhere('zstd');
  const order: number[] = [];
  await new Promise<void>((resolve) => {
    for (let number = 0; number < 5; number++) {
      sender.pages(4, number * 256, Buffer.alloc(1 << 20, number + 1), 0, 256);
      sender.flush(() => {
        order.push(number);
        if (number === 4) resolve();
      });
    }
  });
  t.deepEqual(order, [0, 1, 2, 3, 4]);
  t.true(sender.sent().bytes < 100_000, 'and was compressed');
});

test('a limit is kept', async (t) => {
  const { sender } = toNowhere('raw', 10 * 2 ** 20);
  const began = performance.now();
  const gone = new Promise<void>((resolve) => {
    for (let number = 0; number < 3; number++) {
      sender.pages(4, number * 256, Buffer.alloc(1 << 20, 1), 0, 256);
      sender.flush(number === 2 ? resolve : undefined);
    }
  });
  await gone;
  t.true(performance.now() - began > 120, '2 MiB before the last take 200 ms, less what may go at once');
});

test('any number of small runs is compressed, a few at a time', async (t) => {
  const { sender } = toNowhere('zstd');
  for (let number = 0; number < 1000; number++)
    sender.pages(4, number * 2, Buffer.alloc(4096, 1 + (number % 200)), 0, 1);
  await new Promise<void>((resolve) => sender.flush(resolve));
  t.is(sender.sent().pages, 1000);
  t.true(sender.sent().bytes < 1000 * 4096 * 0.1);
});
