import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { seal } from '../../src/pages/seal.ts';
import { pageOf } from './criu-feed.ts';
import { type FarEnd, farEnd, tmpfs } from './far-end.ts';
import { end, iteration, kept, open, raw, shmem, task, zeros } from './frames.ts';
import { readPagemap } from './read-pagemap.ts';

async function arrived(p: FarEnd, number: number, ...frames: readonly Buffer[]): Promise<void> {
  p.say(iteration(number), ...frames, end(number));
  await p.receiver.stored(number);
}

test('zero pages take no room where others are put into the order of their addresses', async (t) => {
  const p = farEnd(tmpfs(t));
  await arrived(p, 1, open(shmem), raw(5000, pageOf(1)));
  await arrived(p, 2, open(shmem), zeros(0, 4000), raw(4000, pageOf(2)), kept(5000, 1));
  seal(p.directory, p.store.owned(), false);
  t.true(statSync(join(p.directory, 'pages-1.img')).blocks * 512 <= 4 * 4096);
  const { entries, contents } = readPagemap(p.directory, 'pagemap-shmem-5');
  t.deepEqual(entries, [
    { page: 0, count: 4001, flags: 4 },
    { page: 5000, count: 1, flags: 4 },
  ]);
  t.true(contents.equals(Buffer.concat([Buffer.alloc(4000 * 4096), pageOf(2), pageOf(1)])));
});

test('zero pages behind all others are there', async (t) => {
  const p = farEnd(tmpfs(t));
  await arrived(p, 1, open(shmem), raw(5000, pageOf(1)));
  await arrived(p, 2, open(shmem), raw(0, pageOf(2)), kept(5000, 1), zeros(5001, 9));
  seal(p.directory, p.store.owned(), false);
  t.is(readPagemap(p.directory, 'pagemap-shmem-5').contents.length, 11 * 4096);
});

for (const [what, image] of [
  ['no image describes', null],
  ['an empty image describes', Buffer.alloc(0)],
  ['an image of noise describes', Buffer.alloc(64, 0xff)],
] as const)
  test(`the memory of a task that ${what} is refused`, async (t) => {
    const p = farEnd(tmpfs(t));
    if (image) writeFileSync(join(p.directory, 'mm-7.img'), image);
    await arrived(p, 1, open(task), raw(1, pageOf(1)));
    t.throws(() => seal(p.directory, p.store.owned(), true), { code: 'PROTOCOL_ERROR' });
  });

test("an image that takes the memory's name is refused, whichever comes first", async (t) => {
  const p = farEnd(tmpfs(t));
  writeFileSync(join(p.directory, 'pagemap-shmem-5.img'), 'evil');
  writeFileSync(join(p.directory, 'pages-2.img'), 'evil');
  await arrived(p, 1, open(shmem));
  t.throws(() => seal(p.directory, p.store.owned(), false), { code: 'PROTOCOL_ERROR' });
  p.say(iteration(2), open(task));
  await t.throwsAsync(p.receiver.stored(2), { code: 'PROTOCOL_ERROR' });
});
