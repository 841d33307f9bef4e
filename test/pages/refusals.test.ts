import { duplexPair } from 'node:stream';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { frameKinds } from '../../src/pages/frame.ts';
import { receivePages } from '../../src/pages/receive.ts';
import { pageStore } from '../../src/pages/store.ts';
import { settle } from '../rpc/ends.ts';
import { pageOf } from './criu-feed.ts';
import { farEnd, tmpfs } from './far-end.ts';
import { end, frame, iteration, open, raw, task, zeros } from './frames.ts';

const dump = (number: number): Buffer[] => [iteration(number), open(task), raw(1, pageOf(1)), end(number)];

const refused = test.macro<[readonly Buffer[], RegExp]>({
  exec: async (t, frames, why) => {
    const p = farEnd(tmpfs(t));
    p.say(...frames);
    await t.throwsAsync(p.receiver.stored(9), { code: 'PROTOCOL_ERROR', message: why });
    const replies = await p.replies();
    t.like(replies.at(-1), { error: { code: 'PROTOCOL_ERROR' } });
    p.say(...dump(9));
    t.deepEqual(await p.replies(), replies, 'nothing is heard after that');
  },
  title: (what) => `the target refuses ${what}`,
});
const half = [iteration(1), open(task), raw(1, pageOf(1))];
test('pages of no dump', refused, [open(task)], /no dump/);
test('a dump within a dump', refused, [...half, iteration(2)], /out of order/);
test('a dump that comes twice', refused, [...dump(2), iteration(2)], /out of order/);
test('a dump that is older than the one before', refused, [...dump(3), iteration(2)], /out of order/);
test('a second end', refused, [...dump(1), end(1)], /no dump/);
test('an owner between two dumps', refused, [...dump(1), open(task)], /no dump/);
test('pages between two dumps', refused, [...dump(1), raw(2, pageOf(2))], /no dump/);
test('an end before any dump', refused, [end(0)], /no dump/);
test(
  'a frame that is too long',
  refused,
  [iteration(1), frame({ kind: 3 }, Buffer.alloc(2 ** 20 + 1))],
  /too long/,
);
test(
  'unchanged pages with contents',
  refused,
  [iteration(1), open(task), frame({ kind: frameKinds.pages, flags: 5, number: 1, count: 1 }, pageOf(1))],
  /Unchanged/,
);
test(
  'more pages than there can be',
  refused,
  [iteration(1), open(task), ...Array.from({ length: 8 }, (_, run) => zeros(run * 2 ** 33, 2 ** 32 - 1))],
  /than there can be/,
);

const behind = test.macro<[readonly Buffer[]]>({
  exec: async (t, frames) => {
    const p = farEnd(tmpfs(t));
    p.say(...dump(1));
    await p.receiver.last(1);
    const owned = p.store.owned();
    p.say(...frames);
    t.like((await p.replies()).at(-1), { error: { code: 'PROTOCOL_ERROR' } });
    t.deepEqual(p.store.owned(), owned, 'and what came is as it was');
  },
  title: (what) => `${what} behind the last dump is refused`,
});
test('one byte', behind, [Buffer.of(0)]);
test('another dump', behind, dump(2));
test('a second end', behind, [end(1)]);

test('what comes in one piece with the end of the last dump is refused', async (t) => {
  const p = farEnd(tmpfs(t));
  const last = p.receiver.last(1);
  p.say(Buffer.concat([...dump(1), iteration(2)]));
  await last;
  t.like((await p.replies()).at(-1), { error: { code: 'PROTOCOL_ERROR' } });
});

test('a dump that others followed is not the last', async (t) => {
  const p = farEnd(tmpfs(t));
  p.say(...dump(1), ...dump(2));
  await p.receiver.stored(2);
  await t.throwsAsync(p.receiver.last(1), { code: 'PROTOCOL_ERROR' });
});

for (const bytes of [half[0]?.subarray(0, 10), Buffer.concat(half).subarray(0, -7)])
  test(`a stream that ends after ${bytes?.length} bytes is a lost connection, though the source still listens`, async (t) => {
    const p = farEnd(tmpfs(t));
    p.say(bytes ?? Buffer.alloc(0));
    p.finish();
    await t.throwsAsync(p.receiver.stored(1), { code: 'LINK_LOST' });
    await t.throwsAsync(p.receiver.last(1), { code: 'LINK_LOST' });
  });

test('replies that the source does not read end the stream', async (t) => {
  const [near, far] = duplexPair();
  const receiver = receivePages(far, pageStore(tmpfs(t)), null);
  for (let number = 1; number < 20_000 && !far.writableEnded; number++) {
    near.write(Buffer.concat([iteration(number), end(number)]));
    if (number % 100 === 0) await settle();
  }
  t.true(far.writableEnded);
  t.true(far.writableLength < 2 ** 18);
  await t.throwsAsync(receiver.stored(20_000), { code: 'PROTOCOL_ERROR', message: /does not read/ });
});

test('a target without room for another file says so', async (t) => {
  const p = farEnd(tmpfs(t, 'nr_inodes=3'));
  p.say(iteration(1), open(task), open(task + 256n), open(task + 512n), end(1));
  await t.throwsAsync(p.receiver.stored(1), { code: 'DISK_FULL' });
});

test('a large run of zeros takes no room', async (t) => {
  const p = farEnd(tmpfs(t));
  p.say(iteration(1), open(task), zeros(0, 2 ** 32 - 1), end(1));
  await p.receiver.stored(1);
  const [file = ''] = readdirSync(p.directory);
  t.is(statSync(join(p.directory, file)).blocks, 0);
});
