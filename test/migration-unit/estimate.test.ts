import test from 'ava';
import { estimate, type Measured } from '../../src/migration/estimate.ts';

const MiB = 2 ** 20;
const quiet: Measured = {
  memory: 512 * MiB,
  files: 1024 * MiB,
  bytesPerSecond: 128 * MiB,
  criuMs: 40,
  pagesPerSecond: 0,
};

test('without iterations all memory goes in the freeze, and files go before', (t) => {
  const { totalMs, freezeMs } = estimate({ ...quiet, pagesPerSecond: null });
  t.true(freezeMs > 4000 && freezeMs < 4600, String(freezeMs));
  t.is(totalMs - freezeMs, 8000);
});

test('what writes nothing stands still for what every freeze costs, however much memory it has', (t) => {
  const small = estimate({ ...quiet, memory: MiB }).freezeMs;
  t.is(estimate(quiet).freezeMs, small);
  t.true(small >= 40 && small < 600, String(small));
  t.true(estimate(quiet).totalMs > 8000 + 4000);
});

test('the more it writes the longer it stands still, and never longer than without iterations', (t) => {
  const rates = [0, 100, 1000, 10_000, 30_000, 1_000_000];
  const freezes = rates.map((pagesPerSecond) => estimate({ ...quiet, pagesPerSecond }).freezeMs);
  for (const [index, freeze] of freezes.entries())
    if (index > 0) t.true(freeze >= freezes[index - 1]!, freezes.join(' '));
  const most = estimate({ ...quiet, pagesPerSecond: null }).freezeMs;
  t.true(freezes.at(-1)! <= most + 1, `${freezes.at(-1)} ${most}`);
});

test('a slower machine and a slower link take longer', (t) => {
  const base = estimate({ ...quiet, pagesPerSecond: 1000 });
  t.true(estimate({ ...quiet, pagesPerSecond: 1000, criuMs: 400 }).freezeMs > base.freezeMs);
  t.true(estimate({ ...quiet, pagesPerSecond: 1000, bytesPerSecond: 64 * MiB }).totalMs > base.totalMs * 1.9);
});
