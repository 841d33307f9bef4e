import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { duplexPair } from 'node:stream';
import test from 'ava';
import { receiveImages } from '../../src/criu/image-stream.ts';
import { below, chunked, damaged, noise, pick } from '../fuzz/damage.ts';
import { fuzz, inputs, mustBe, type Random, settles } from '../fuzz/fuzz.ts';
import { endMark, imageFile } from './image-frames.ts';

const names = [
  'core-1.img',
  'fdinfo-2.img',
  'a',
  '../evil.img',
  '/evil',
  '.evil',
  'a\0b',
  'n'.repeat(300),
  'x/y',
];

/** The parts of a stream of images, sizes that are not theirs among them. */
function images(random: Random): Buffer[] {
  const files = Array.from({ length: below(random, 4) }, (_, index) => {
    const name = random() < 0.8 ? `image-${index}.img` : pick(random, names);
    const contents = random() < 0.5 ? noise(random) : Buffer.alloc(0);
    const size = random() < 0.9 ? contents.length : pick(random, [0, 1, 2 ** 20, 2 ** 53]);
    return imageFile(name, contents, BigInt(size));
  });
  return damaged(random, [...files, endMark]);
}

test('whatever images come, what is complete is written where it belongs, and the rest is refused', async (t) => {
  const home = mkdtempSync('/tmp/phaul-images-');
  t.teardown(() => rmSync(home, { recursive: true }));
  let complete = 0;
  await fuzz(t, inputs.images, async (random) => {
    const directory = join(home, 'to');
    mkdirSync(directory);
    const [near, far] = duplexPair();
    const receiving = receiveImages(directory, far).then(
      () => null,
      (error: unknown) => error,
    );
    for (const chunk of chunked(random, images(random))) near.write(chunk);
    if (random() < 0.9) near.end();
    else setImmediate(() => far.destroy());
    const outcome = await settles(receiving, 'the receiver', 1000);
    if (outcome === null) complete++;
    else mustBe(outcome, ['PROTOCOL_ERROR', 'LINK_LOST']);
    if (readdirSync(directory).some((name) => !/^[A-Za-z0-9][\w.-]*$/.test(name)))
      throw new Error('a bad name');
    if (readdirSync(home).length > 1) throw new Error('it wrote beside its directory');
    rmSync(directory, { recursive: true });
    far.destroy();
  });
  t.true(complete > inputs.images / 10, 'some came whole');
});
