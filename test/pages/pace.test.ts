import test from 'ava';
import { pace } from '../../src/pages/pace.ts';

test('without a limit nothing waits', (t) => {
  t.is(pace(null).went(2 ** 40), 0);
});

test('with a limit the bytes take as long as they must, whatever their portions', (t) => {
  for (const portion of [1000, 10_000, 300_000]) {
    let time = 0;
    const { went } = pace(1_000_000, () => time);
    for (let sent = 0; sent < 3_000_000; sent += portion) time += went(portion);
    t.true(time > 2900 && time < 3100, `${portion}: ${time} ms`);
  }
});

test('a pause is not made up for by a long burst', (t) => {
  let time = 0;
  const { went } = pace(1_000_000, () => time);
  time = 60_000;
  t.true(went(100_000) >= 50);
});
