import type { ExecutionContext } from 'ava';
import type { Act } from '../../src/acts.ts';
import { codes, type ErrorCode } from '../../src/error-codes.ts';
import type { SourceState } from '../../src/errors.ts';
import { removeContainer } from '../lab/container.ts';
import type { Host } from '../lab/host.ts';
import type { Lab } from '../lab/lab.ts';
import { isRunning } from '../lab/migrate.ts';
import { redis, startRedis } from '../lab/redis.ts';
import { startTraffic } from '../lab/traffic.ts';
import { footprintAtRest, isAsBefore, untilAtRest } from './footprint.ts';
import type { PhaulEnd } from './phaul.ts';

/** How a failure is to look. */
export interface Expected {
  readonly code: ErrorCode;
  readonly message?: RegExp;
  /** The act in which it happened, or one of these where an event and the next act race. */
  readonly act?: Act | readonly Act[];
  readonly host?: 'source' | 'target';
  readonly state?: SourceState;
}

/** A failure as users and programs see it: exit code, code, one sentence, the hint, what the container does now. */
export function failed(t: ExecutionContext, end: PhaulEnd, expected: Expected): void {
  const { error, text, exitCode } = end;
  if (!error) return t.fail(`phaul did not fail, it ended with ${exitCode}\n${text}`);
  const { code, state = 'running' } = expected;
  t.is(error.code, code, text);
  t.is(exitCode, codes[code].exit);
  t.is(error.exitCode, exitCode);
  t.is(error.sourceState, state);
  t.regex(error.message, expected.message ?? /./);
  if (expected.act) t.true([expected.act].flat().includes(error.act as Act), `in the act ${error.act}`);
  if (expected.host) t.is(error.host, expected.host);
  t.regex(error.message, /^[^\n]*[.)]$/, 'one line that ends as a sentence does');
  t.not(error.hint, '');
  t.is(error.notUndone, undefined);
  const reasons = (error.refusals?.length ?? 0) > 1 ? error.refusals! : [error];
  for (const part of reasons.flatMap((reason) => [reason.code, reason.message, reason.hint]))
    t.true(text.includes(part), `people read: ${part}`);
  if (state === 'running') t.regex(text, /\nThe container runs on the source as before\.\n$/);
}

/** Redis in ct101 on a, whatever became of it before, and nothing of it on b. */
export async function freshRedis(lab: Lab, { mebibytes = 0 } = {}): Promise<void> {
  const [a, b] = [lab.host('a'), lab.host('b')];
  await Promise.all([removeContainer(a, 'ct101'), removeContainer(b, 'ct101')]);
  await startRedis(a, { mebibytes });
}

/** Whatever a test before this one left behind of phaul's is cleared away. */
export async function clearRemains(lab: Lab): Promise<void> {
  // Who is still undoing would undo what the next test does to the same names.
  await Promise.all([untilAtRest(lab.host('a')), untilAtRest(lab.host('b'))]);
  const remains = `
    pkill -KILL -x 'criu|rsync' || true
    rm -rf /var/lib/phaul/*
    grep -o '/run/phaul/[^ ]*' /proc/self/mounts | sort -r | xargs -r umount -l
    rm -rf /run/phaul /srv/.phaul-left-*`;
  await Promise.all([lab.host('a').sh(remains), lab.host('b').sh(remains)]);
}

/** As freshRedis(), but keeps the Redis on a if it works. Whatever the test before this one left behind is cleared away. */
export async function ensureRedis(lab: Lab, options: { mebibytes?: number } = {}): Promise<void> {
  await clearRemains(lab);
  await removeContainer(lab.host('b'), 'ct101');
  const works = (await isRunning(lab.host('a'), 'ct101')) && (await redis(lab.host('c'), 'PING')) === 'PONG';
  if (!works) await freshRedis(lab, options);
}

/**
 * Does something to ct101 on a that must leave it unharmed: a client on c keeps its connection and its data, a is as it was before,
 * b is as it was before (unless `target` is false).
 */
export async function unharmed<T>(
  t: ExecutionContext,
  lab: Lab,
  work: () => Promise<T>,
  { target = true } = {},
): Promise<T> {
  const [a, b] = [lab.host('a'), lab.host('b')];
  const [onA, onB] = await Promise.all([footprintAtRest(a), footprintAtRest(b)]);
  const traffic = await startTraffic(lab.host('c'));
  try {
    const result = await work();
    await isAsBefore(t, a, onA);
    if (target) await isAsBefore(t, b, onB);
    return result;
  } finally {
    t.like(await traffic.stop(), { errors: [], lost: 0, doubled: 0 });
  }
}

/** A disk of 4 MiB at a place on the target that nobody can be certain of beforehand: an overlay may be anything in truth. */
export const smallDisk = (path: string): { made: string; removed: string } => ({
  made: `mkdir ${path} /srv/small; mount -t tmpfs -o size=4m,mode=755 small /srv/small; cd /srv/small
mkdir lower upper work; mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work small ${path}`,
  removed: `umount -l ${path} /srv/small; rmdir ${path} /srv/small`,
});

/** Runs shell text on a host around something, the second text also if that fails. */
export async function meanwhile<T>(
  host: Host,
  before: string,
  after: string,
  work: () => Promise<T>,
): Promise<T> {
  await host.sh(before);
  try {
    return await work();
  } finally {
    await host.sh(after);
  }
}
