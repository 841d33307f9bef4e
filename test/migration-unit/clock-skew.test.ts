import test from 'ava';
import { clockSkew, skewInWords, skewThen } from '../../src/migration/clock-skew.ts';

test('the way there and back is not taken for a difference of the clocks', (t) => {
  const even = { sent: 1000, received: 1100, answered: 5100, heard: 5200 };
  t.deepEqual(clockSkew(even), { aheadMs: 0, errorMs: 100 });
  t.is(skewInWords(even), null);
});

test('a clock that is ahead or behind is said, with the number', (t) => {
  t.regex(
    skewInWords({ sent: 0, received: 2010, answered: 2010, heard: 20 }) ?? '',
    /is 2\.0 s ahead of this/,
  );
  t.regex(
    skewInWords({ sent: 9000, received: 10, answered: 10, heard: 9020 }) ?? '',
    /is 9\.0 s behind this/,
  );
});

test('little, and what may as well be the way, is not worth a word', (t) => {
  t.is(skewInWords({ sent: 0, received: 400, answered: 400, heard: 0 }), null);
  t.is(skewInWords({ sent: 0, received: 1000, answered: 1000, heard: 1000 }), null);
});

test('what was measured at the time counts if the clock has been set since', (t) => {
  const now = { aheadMs: 5, errorMs: 1 };
  t.is(skewThen(undefined, now), 5);
  t.is(skewThen({ aheadMs: 90, errorMs: 100 }, now), 5, 'it can be the same');
  t.is(skewThen({ aheadMs: 7000, errorMs: 100 }, now), 7000);
  t.is(skewThen({ aheadMs: -7000, errorMs: 100 }, now), -7000);
});
