import { PassThrough, Readable } from 'node:stream';
import test from 'ava';
import { byteReader } from '../../src/criu/byte-reader.ts';

const chunks = (...texts: string[]): Readable => Readable.from(texts.map((text) => Buffer.from(text)));

test('exactly so many bytes come, whatever the chunks', async (t) => {
  const reader = byteReader(chunks('ab', 'c', 'defgh', '', 'ij'));
  t.is((await reader.exactly(1)).toString(), 'a');
  t.is((await reader.exactly(4)).toString(), 'bcde');
  t.is((await reader.exactly(0)).length, 0);
  t.is((await reader.exactly(5)).toString(), 'fghij');
});

test('a part is given in chunks as they come, and reading goes on behind it', async (t) => {
  const reader = byteReader(chunks('abc', 'def'));
  const parts: string[] = [];
  for await (const part of reader.upTo(5)) parts.push(part.toString());
  t.deepEqual(parts, ['abc', 'de']);
  t.is((await reader.exactly(1)).toString(), 'f');
});

test('a stream that ends too early is a lost connection', async (t) => {
  await t.throwsAsync(byteReader(chunks('ab')).exactly(3), { code: 'LINK_LOST' });
  const reader = byteReader(chunks());
  await t.throwsAsync(reader.exactly(1), { code: 'LINK_LOST' });
  await t.throwsAsync(reader.exactly(1), { code: 'LINK_LOST' }, 'and stays one');
});

test('so is a stream that is destroyed, with an error or without', async (t) => {
  for (const error of [undefined, new Error('ECONNRESET')]) {
    const stream = new PassThrough();
    stream.on('error', () => undefined);
    const reading = byteReader(stream).exactly(3);
    stream.write('ab');
    setTimeout(() => stream.destroy(error), 5);
    await t.throwsAsync(reading, { code: 'LINK_LOST' });
  }
});

test('a large part takes no memory', async (t) => {
  const block = Buffer.alloc(1 << 16);
  const endless = Readable.from(
    (function* () {
      for (;;) yield block;
    })(),
    { objectMode: false },
  );
  let bytes = 0;
  for await (const part of byteReader(endless).upTo(2 ** 29)) bytes += part.length;
  t.is(bytes, 2 ** 29);
  t.true(process.memoryUsage().rss < 300 * 2 ** 20);
});
