import test from 'ava';
import { inputs } from './fuzz.ts';

test('both ends get 100,000 inputs at the least', (t) => {
  t.true(Object.values(inputs).reduce((sum, count) => sum + count, 0) >= 100_000);
});
