import test from 'ava';
import { predictFreeze, type RoundCost } from '../../src/migration/predict.ts';

const first: RoundCost = { beforeMs: 200, sendMs: 4000, pages: 8000, filesMs: 300, trackedMs: null };
const second: RoundCost = { beforeMs: 100, sendMs: 500, pages: 1000, filesMs: 200, trackedMs: 5000 };
const rounds = [first, second];

test('after the first round nothing can be said: nobody knows how quickly pages are written', (t) => {
  t.is(predictFreeze([], 0, false), null);
  t.is(predictFreeze([first], 100, false), null);
});

test('what was written since the last round counts at the rate of the page path', (t) => {
  const soon = predictFreeze(rounds, 0, false) ?? NaN;
  const later = predictFreeze(rounds, 1000, false) ?? NaN;
  // 1000 pages in 5 s are 200 in one, at 0.5 ms each.
  t.is(later - soon, 100);
});

test('what every round costs, however few its pages, the freeze costs too', (t) => {
  const dear = predictFreeze([first, { ...second, sendMs: 1000 }], 5000, false) ?? NaN;
  t.is(dear - (predictFreeze(rounds, 5000, false) ?? NaN), 500);
});

test('the last files count beside the dump or after it', (t) => {
  const after = predictFreeze(rounds, 0, false) ?? NaN;
  const beside = predictFreeze(rounds, 0, true) ?? NaN;
  t.is(after - beside, 200, 'they are quicker than the dump');
});

test('a source of half the speed makes for a longer freeze, and so does such a target', (t) => {
  const usual = predictFreeze(rounds, 0, false, 300) ?? NaN;
  const slow = rounds.map((round) => ({ ...round, beforeMs: round.beforeMs * 2 }));
  t.true((predictFreeze(slow, 0, false, 300) ?? 0) > usual);
  t.is((predictFreeze(rounds, 0, false, 600) ?? 0) - usual, 2.4 * 300);
});

test('a target that does not say how quick it is counts as one like the source', (t) => {
  t.is(predictFreeze(rounds, 0, false, null), predictFreeze(rounds, 0, false, 4 * 200));
});

test('a container that writes nothing is expected to freeze for what every freeze costs', (t) => {
  const idle = { ...second, pages: 0, sendMs: 0, filesMs: 0 };
  t.is(predictFreeze([idle, idle], 5000, false, 100), 100 + 2 * 100 + 2.4 * 100, 'without a page at all');
});
