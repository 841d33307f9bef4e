import test from 'ava';
import { predictFreeze, type RoundCost } from '../../src/migration/predict.ts';

const first: RoundCost = { beforeMs: 200, sendMs: 4000, pages: 8000, filesMs: 300, trackedMs: null };
const second: RoundCost = { beforeMs: 100, sendMs: 90, pages: 1000, filesMs: 200, trackedMs: 5000 };

test('after the first round nothing can be said: nobody knows how quickly pages are written', (t) => {
  t.is(predictFreeze([], 0, false), null);
  t.is(predictFreeze([first], 100, false), null);
});

test('what was written since the last round counts at the rate of the largest one', (t) => {
  const soon = predictFreeze([first, second], 0, false) ?? NaN;
  const later = predictFreeze([first, second], 1000, false) ?? NaN;
  // 1000 pages in 5 s are 200 in one, at 0.5 ms each.
  t.is(later - soon, 100);
});

test('the last files count beside the dump or after it', (t) => {
  const after = predictFreeze([first, second], 0, false) ?? NaN;
  const beside = predictFreeze([first, second], 0, true) ?? NaN;
  t.is(after - beside, 100, 'the shorter of 100 and 200 ms is saved');
});

test('slower machines make for a longer freeze', (t) => {
  const slow = [first, { ...second, beforeMs: 1000 }].map((round) => ({
    ...round,
    beforeMs: round.beforeMs * 10,
  }));
  t.true((predictFreeze(slow, 0, false) ?? 0) > (predictFreeze([first, second], 0, false) ?? Infinity));
});

test('a container that writes nothing is expected to freeze for what every freeze costs', (t) => {
  const idle = { ...second, pages: 0, sendMs: 0, filesMs: 0 };
  t.is(predictFreeze([first, idle], 5000, false), 100 * 4.5);
  const empty = { ...first, pages: 0, sendMs: 0 };
  t.is(predictFreeze([empty, idle], 5000, false), 100 * 4.5, 'without a page at all, too');
});
