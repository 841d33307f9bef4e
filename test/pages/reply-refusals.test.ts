import { once } from 'node:events';
import test from 'ava';
import { feed, pageOf } from './criu-feed.ts';
import { shmem } from './frames.ts';
import { nearEnd } from './near-end.ts';

const dump = [{ owner: shmem, pages: [{ page: 0, flags: 4, contents: [pageOf(1)] }] }];

const refused = test.macro<[object | string]>({
  exec: async (t, reply) => {
    const { source, say, criu } = nearEnd(t);
    source.begin(1);
    const closed = once(criu.resume(), 'close');
    say(reply);
    await t.throwsAsync(source.stored(1), { code: 'PROTOCOL_ERROR' });
    await closed;
    t.is(source.failure()?.code, 'PROTOCOL_ERROR');
  },
  title: (what) => `the source refuses ${what}, and CRIU's dump ends`,
});
test('text that is no reply', refused, 'oops\n');
test('a reply of an unknown form', refused, { loaded: 1 });
test('a reply that is too long', refused, `${JSON.stringify({ stored: 1, more: 'x'.repeat(2 ** 16) })}\n`);
test('a reply that never ends', refused, 'x'.repeat(2 ** 17));
test('word of a dump that is under way', refused, { stored: 1 });
test('word of a dump that there was not', refused, { stored: 7 });

test('word of a dump that comes twice is refused', async (t) => {
  const { source, criu, say } = nearEnd(t);
  source.begin(1);
  await feed(criu, dump, 32);
  say({ stored: 1 });
  await source.stored(1);
  say({ stored: 1 });
  await t.throwsAsync(source.stored(2), { code: 'PROTOCOL_ERROR' });
});

for (const cut of ['', '{"stored"'])
  test(`a target that ends the stream after ${JSON.stringify(cut)} is a lost connection, though it still listens`, async (t) => {
    const { source, criu, target, say } = nearEnd(t);
    source.begin(1);
    await feed(criu, dump, 32);
    say(cut);
    target.end();
    await t.throwsAsync(source.stored(1), { code: 'LINK_LOST' });
  });

test('what went wrong is told in its own letters, however the stream is cut', async (t) => {
  const { source, say } = nearEnd(t);
  source.begin(1);
  const words = Buffer.from(
    `${JSON.stringify({ error: { code: 'DISK_FULL', message: 'Für 🚚 kein Platz' } })}\n`,
  );
  for (const byte of words) say(Buffer.of(byte));
  await t.throwsAsync(source.stored(1), { code: 'DISK_FULL', message: 'Für 🚚 kein Platz' });
});

test('nothing is heard behind an error', async (t) => {
  const { source, say } = nearEnd(t);
  source.begin(1);
  say(`${JSON.stringify({ error: { code: 'DISK_FULL', message: 'full' } })}\noops\n`);
  await t.throwsAsync(source.stored(1), { code: 'DISK_FULL' });
  t.is(source.failure()?.code, 'DISK_FULL');
});
