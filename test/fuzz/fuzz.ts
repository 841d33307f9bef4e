import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { ExecutionContext } from 'ava';
import { PhaulError } from '../../src/errors.ts';
import { seeded } from '../seeded.ts';

/** A source of numbers from 0 to 1. */
export type Random = () => number;

/** How many inputs each end gets. Together 100,000 at the least: fuzz.test.ts. */
export const inputs = {
  frames: 30_000,
  target: 25_000,
  source: 25_000,
  replies: 14_000,
  stored: 1_000,
  pages: 8_000,
  images: 5_000,
  session: 100,
} as const;

// Given, the first input is the one that failed with it.
const firstSeed = Number(process.env['PHAUL_SEED'] ?? 20_261_128);
// What the engine itself keeps (compiled code, caches) is there by then.
const warm = 0.2;
const mostGrowth = 12 * 2 ** 20;

const strays: unknown[] = [];
process.on('unhandledRejection', (reason) => strays.push(reason));
let current = 0;
process.on('uncaughtExceptionMonitor', () => console.error(`PHAUL_SEED=${current}`));

/**
 * Calls `one` for each input, with its own random numbers. What that throws, or leaves behind as a rejection that nobody handles, fails the test
 * with the seed; so does memory that has grown at the end.
 */
export async function fuzz(
  t: ExecutionContext,
  count: number,
  one: (random: Random) => Promise<void>,
): Promise<void> {
  let before = 0;
  for (let n = 0; n < count; n++) {
    if (n === Math.floor(count * warm)) before = await held();
    current = firstSeed + n;
    try {
      await one(seeded(current));
      if (strays.length > 0) throw strays[0];
    } catch (cause) {
      throw new Error(`PHAUL_SEED=${current}: ${cause instanceof Error ? cause.message : String(cause)}`, {
        cause,
      });
    }
  }
  const growth = (await held()) - before;
  t.true(growth < mostGrowth, `${count} inputs hold ${growth} bytes`);
  t.is(({} as Record<string, unknown>)['polluted'], undefined);
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes that are in use. The memory of buffers goes some turns after the buffers. */
async function held(): Promise<number> {
  for (let turn = 0; turn < 5; turn++) {
    collect();
    await turnOver();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Waits so many turns of the event loop at most. @throws if it has not settled by then */
export async function settles<T>(promise: Promise<T>, what: string, turns = 300): Promise<T> {
  let settled = false;
  const seen = (): void => void (settled = true);
  promise.then(seen, seen);
  for (let turn = 0; turn < turns && !settled; turn++) await turnOver();
  if (!settled) throw new Error(`${what} hangs`);
  return promise;
}

export const turnOver = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** @throws unless it is a failure as users may see it; INTERNAL only if the target itself says so */
export function mustBeClean(failure: unknown): void {
  if (!(failure instanceof PhaulError) || (failure.code === 'INTERNAL' && failure.details.host !== 'target'))
    throw failed(failure);
}

/** @throws unless it is a failure with one of these codes */
export function mustBe(failure: unknown, codes: readonly string[]): void {
  if (!(failure instanceof PhaulError) || !codes.includes(failure.code)) throw failed(failure);
}

function failed(failure: unknown): Error {
  const what = failure instanceof Error ? failure.message : 'no error at all';
  return new Error(`it failed otherwise than it may: ${what}`, { cause: failure });
}
