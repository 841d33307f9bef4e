import test from 'ava';
import { compare, median } from './statistics.ts';

test('the median of an odd number of values is the middle one', (t) => {
  t.is(median([5]), 5);
  t.is(median([100, 1, 7]), 7);
});

test('the median of an even number of values lies between the middle two', (t) => {
  t.is(median([4, 1]), 2.5);
  t.is(median([40, 1, 2, 3]), 2.5);
});

test('the median sorts by value and leaves its input as it was', (t) => {
  const values = [10, 9, 100];
  t.is(median(values), 10);
  t.deepEqual(values, [10, 9, 100]);
});

test('there is no median of nothing', (t) => {
  t.throws(() => median([]), { instanceOf: RangeError });
  t.throws(() => compare([]), { instanceOf: RangeError });
});

test('the ratio is that of the medians, its spread that of the pairs', (t) => {
  const pairs = [
    { phaul: 100, rival: 400 },
    { phaul: 120, rival: 200 },
    { phaul: 90, rival: 300 },
  ];
  t.deepEqual(compare(pairs), { phaul: 100, rival: 300, ratio: 100 / 300, low: 0.25, high: 0.6 });
});

test('one pair is its own spread', (t) => {
  t.deepEqual(compare([{ phaul: 1, rival: 2 }]), { phaul: 1, rival: 2, ratio: 0.5, low: 0.5, high: 0.5 });
});
