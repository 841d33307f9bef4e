import test from 'ava';
import { converged, fileLimits, type Limits, pageLimits } from '../../src/migration/convergence.ts';
import { sized } from '../../src/observe/amounts.ts';

test("the limits are P.Haul's", (t) => {
  t.deepEqual(pageLimits, { enough: 64, growth: 0.1, rounds: 8 });
});

const inPages = (pages: number): string => `${pages} pages`;

const verdict = test.macro({
  exec: (t, moved: number[], reason: RegExp | null, limits: Partial<Limits> = {}) => {
    const found = converged(moved, { ...pageLimits, ...limits }, inPages);
    if (reason === null) return void t.false(found.stop, JSON.stringify(found));
    t.true(found.stop);
    if (found.stop) t.regex(found.reason, reason);
  },
  title: (what) => what ?? '',
});
const shrinking = [90_000, 8000, 4000, 2000, 1000, 500, 250];
test('before the first round there is one', verdict, [], null);
test('the first round moves everything, and that is no growth', verdict, [1_000_000], null);
test('the first round may be enough', verdict, [64], /moved only 64 pages/);
test('64 pages are few enough', verdict, [9000, 64], /only 64 pages/);
test('65 are not', verdict, [9000, 65], null);
test('no page at all is few enough', verdict, [9000, 0], /only 0 pages/);
test('few enough counts before growth', verdict, [10, 60], /only 60 pages/);
test('growth of exactly 10 % is borne', verdict, [1000, 1100], null);
test('growth of more is not', verdict, [1000, 1101], /no longer shrink \(1000 pages → 1101 pages\)/);
test(
  'growth is measured against the round before, not the first',
  verdict,
  [90_000, 1000, 1200],
  /1000 pages → 1200 pages/,
);
test('standing still is no growth', verdict, [1000, 1000], null);
test('as long as it shrinks it goes on', verdict, shrinking, null);
test('after 8 rounds it ends', verdict, [...shrinking, 125], /8 is the limit of iterations/);
test('fewer rounds may be asked for', verdict, [90_000, 8000], /2 is the limit of iterations/, { rounds: 2 });
test('a single round too', verdict, [90_000], /limit/, { rounds: 1 });
test('none at all too', verdict, [], /no iterations were asked for/, { rounds: 0 });

const inRevive = test.macro({
  exec: (t, mebibytes: number[], reason: RegExp | null, limits: Partial<Limits> = {}) => {
    const moved = mebibytes.map((each) => each * 2 ** 20);
    const found = converged(moved, { ...fileLimits, ...limits }, sized);
    if (reason === null) return void t.false(found.stop, JSON.stringify(found));
    t.true(found.stop);
    if (found.stop) t.regex(found.reason, reason);
  },
  title: (what) => `revive mode: ${what}`,
});
test('its first iteration is compared with none, so it cannot have grown', inRevive, [5000], null);
test('1 MiB of changes is little enough', inRevive, [40, 1], /moved only 1\.0 MiB/);
test('a little more is not', inRevive, [40, 1.1], null);
test('nothing at all is what a quiet container gives', inRevive, [0], /moved only 0 B/);
test('little enough counts before growth', inRevive, [0.01, 0.9], /moved only 921\.6 KiB/);
test('growth over 10 % ends it', inRevive, [10, 12], /no longer shrink \(10\.0 MiB → 12\.0 MiB\)/);
test('growth may be allowed', inRevive, [10, 12], null, { growth: 0.25 });
test('no growth at all may be allowed', inRevive, [10, 10.1], /no longer shrink/, { growth: 0 });
test('with 0 bytes as enough the smallest change asks for another', inRevive, [10, 0.001], null, {
  enough: 0,
});
test('with 0 bytes as enough it ends when nothing changes', inRevive, [10, 0], /only 0 B/, { enough: 0 });
test('after 8 iterations it ends', inRevive, [9, 8, 7, 6, 5, 4, 3, 2], /8 is the limit/);
test('it may go without', inRevive, [], /no iterations were asked for/, { rounds: 0 });

test('10 % is exact for every number of pages: floating point adds no round and costs none', (t) => {
  for (let pages = 70; pages < 100_000; pages += 10) {
    t.false(
      converged([pages, pages * 1.1], pageLimits, inPages).stop ||
        Math.round(pages * 1.1) !== (pages / 10) * 11,
    );
    t.true(converged([pages, (pages / 10) * 11 + 1], pageLimits, inPages).stop);
  }
});

test('whatever the rounds move, there is an end', (t) => {
  for (let rounds = 0; rounds < 20; rounds++) {
    const moved: number[] = [];
    while (!converged(moved, { ...pageLimits, rounds }, inPages).stop) moved.push(100_000 - moved.length);
    t.is(moved.length, rounds);
  }
});
