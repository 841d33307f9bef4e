import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { armTarget } from '../../src/migration/arm.ts';
import { pageLimits } from '../../src/migration/convergence.ts';
import type { Rounds, Stop } from '../../src/migration/rounds.ts';

const stop: Stop = { reason: 'short enough', met: true };
const later: Stop = { reason: 'no longer', met: false };

function roundsOf(...pages: number[]): {
  rounds: Pick<Rounds, 'drive' | 'iterations'>;
  driven: Parameters<Rounds['drive']>[];
} {
  const driven: Parameters<Rounds['drive']>[] = [];
  const iterations = pages.map((count) => ({ pages: count, roundMs: 50 })) as unknown as Rounds['iterations'];
  const drive: Rounds['drive'] = (...how) => {
    driven.push(how);
    return Promise.resolve(later);
  };
  return { rounds: { drive, iterations }, driven };
}

test('a target that is ready sooner than a round takes is not followed by another', async (t) => {
  const { rounds, driven } = roundsOf(1000, 100);
  t.is(await armTarget(rounds, () => Promise.resolve(), pageLimits, stop), stop);
  t.deepEqual(driven, []);
});

test('rounds go on after one that took longer, within limits, and what they say counts', async (t) => {
  const { rounds, driven } = roundsOf(1000, 100);
  t.is(await armTarget(rounds, () => sleep(200), pageLimits, stop), later);
  t.is(driven.length, 1);
  t.like(driven[0]?.[0], { ...pageLimits, enough: 100 });
  t.true(driven[0]![1]! >= 390);
});

test('without iterations there are none afterwards', async (t) => {
  const { rounds, driven } = roundsOf();
  t.is(await armTarget(rounds, () => sleep(100), pageLimits, stop), stop);
  t.deepEqual(driven, []);
});
