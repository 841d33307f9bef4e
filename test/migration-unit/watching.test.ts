import test from 'ava';
import { deferred } from '../../src/deferred.ts';
import { watching } from '../../src/migration/watching.ts';
import type { Happening } from '../../src/observe/events.ts';
import { handClock } from '../observe/hand-clock.ts';

test('the memory of a round is counted from its beginning, at most four times a second', async (t) => {
  const clock = handClock();
  const pass = (ms: number): void => clock.advanceTo(clock.now() + ms);
  let sent = { pages: 500, zeroPages: 0, bytes: 2_000_000 };
  const events: Happening[] = [];
  const m = { emit: (what: Happening) => events.push(what) };
  const work = deferred<number>();
  const round = { iteration: 2, expectedPages: 80 };
  const done = watching(m, { sent: () => sent }, round, () => work.promise, clock);

  pass(250);
  t.deepEqual(events, [], 'there is no news');
  sent = { pages: 530, zeroPages: 0, bytes: 2_120_000 };
  pass(249);
  t.deepEqual(events, []);
  pass(1);
  const first = { type: 'progress', ...round, pages: 30, bytes: 120_000, bytesPerSecond: 240_000 };
  t.deepEqual(events, [first]);
  sent = { pages: 590, zeroPages: 0, bytes: 2_360_000 };
  pass(100);
  work.resolve(7);
  t.is(await done, 7);
  const last = { type: 'progress', ...round, pages: 90, bytes: 360_000, bytesPerSecond: 2_400_000 };
  t.deepEqual(events, [first, last], 'and the rest at the end');
  sent = { pages: 1000, zeroPages: 0, bytes: 9_000_000 };
  pass(1000);
  t.is(events.length, 2);
});

test('a round that fails is watched no longer', async (t) => {
  const clock = handClock();
  let pages = 0;
  const events: Happening[] = [];
  const sent = () => ({ pages, zeroPages: 0, bytes: pages * 4096 });
  const work = () => Promise.reject(new Error('no'));
  const m = { emit: (what: Happening) => events.push(what) };
  await t.throwsAsync(watching(m, { sent }, { iteration: 1, expectedPages: null }, work, clock), {
    message: 'no',
  });
  pages = 10;
  clock.advanceTo(1000);
  t.deepEqual(events, []);
});
