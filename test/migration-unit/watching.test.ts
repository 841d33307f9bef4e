import test from 'ava';
import { deferred } from '../../src/deferred.ts';
import type { Files } from '../../src/migration/files.ts';
import { watching, watchingFiles } from '../../src/migration/watching.ts';
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

test('a copy of files is counted from its beginning, where its drivers tell', async (t) => {
  const clock = handClock();
  const events: Happening[] = [];
  const m = { emit: (what: Happening) => events.push(what) };
  const work = deferred<{ bytes: number; changed: number; files: number }>();
  let moved: ((bytes: number) => void) | undefined;
  const sync: Files['sync'] = (round) => {
    ({ moved } = round);
    return work.promise;
  };
  const files = watchingFiles(m, { sync } as Files, clock);
  const copy = (): ReturnType<Files['sync']> => files.sync({ final: false, mapped: [] });
  const done = copy();
  clock.advanceTo(1000);
  t.deepEqual(events, [], 'no news');
  moved?.(100);
  moved?.(200);
  clock.advanceTo(1250);
  moved?.(50);
  work.resolve({ bytes: 9, changed: 9, files: 1 });
  await done;
  await copy();
  moved?.(7);
  clock.advanceTo(1350);
  await copy();
  t.deepEqual(events, [
    { type: 'copying', bytes: 300, bytesPerSecond: 240 },
    { type: 'copying', bytes: 350, bytesPerSecond: 50_000 },
  ]);
});
