import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';

/** Measures a link for as long as it is let. */
export interface LinkGauge {
  /** Bytes in a second; null: not known, or not known well yet. */
  readonly rate: () => number | null;
  /** Settles when it is known, or will never be. */
  readonly done: Promise<void>;
  /** Nothing more is sent. Idempotent. */
  readonly stop: () => void;
}

// Each four times as large as the one before: a slow link is known soon, and a quick one gets something to do.
const sizes = Array.from({ length: 6 }, (_, power) => 2 ** 18 * 4 ** power);
// Beside other work no larger ones: ssh would take the processors of both hosts from a preflight that is over before they are answered.
const largestBeside = 2 ** 24;
const block = randomBytes(2 ** 18);
const limitMs = 15_000;
// One portion says little: it may be let through more quickly than any later, the answer to it takes a round trip, and TCP begins slowly.
const agreement = 1.5;
// What phaul does itself at the time takes the processor from ssh, on a small machine most of it.
const mostlyIdle = 0.5;

/**
 * How many bytes in a second go to the target through ssh, found out by sending portions that nobody keeps there; each is answered when all of it has arrived.
 * It is known if a portion that was long enough, or the largest, came to about the same as the one before.
 * @param login ssh's arguments, without a command
 * @param enoughMs a portion that takes so long is long enough
 * @param beside phaul has other work meanwhile: a portion counts only if that was little. If not, the largest counts anyhow
 */
export function gaugeLink(
  login: readonly string[],
  { enoughMs, beside }: { readonly enoughMs: number; readonly beside: boolean },
): LinkGauge {
  const portions = beside ? sizes.filter((size) => size <= largestBeside) : sizes;
  const command = `echo; for n in ${portions.join(' ')}; do head -c $n >/dev/null; echo; done`;
  const child = spawn('ssh', [...login, command], {
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
    timeout: limitMs,
    killSignal: 'SIGKILL',
  });
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  const ended = once(child, 'close').then(
    () => true,
    () => true,
  );
  let rate: number | null = null;
  const stop = (): void => void child.kill('SIGKILL');
  const happens = async (what: Promise<unknown>): Promise<boolean> =>
    !(await Promise.race([
      what.then(
        () => false,
        () => true,
      ),
      ended,
    ]));
  const answer = (): Promise<boolean> => happens(once(child.stdout, 'data'));

  async function send(bytes: number): Promise<boolean> {
    for (let left = bytes; left > 0; left -= block.length)
      if (!child.stdin.write(block) && !(await happens(once(child.stdin, 'drain')))) return false;
    return true;
  }

  async function measure(): Promise<void> {
    // It is there, and waits.
    if (!(await answer())) return;
    let before = 0;
    for (const bytes of portions) {
      const [began, busy] = [performance.now(), performance.eventLoopUtilization()];
      const answered = answer();
      if (!(await send(bytes)) || !(await answered)) return;
      const tookMs = performance.now() - began;
      const measured = (bytes * 1000) / tookMs;
      const { utilization } = performance.eventLoopUtilization(busy);
      const agrees = Math.max(measured, before) <= agreement * Math.min(measured, before);
      const largest = bytes === portions.at(-1);
      const good = (tookMs >= enoughMs || largest) && agrees && (!beside || utilization < mostlyIdle);
      if (good || (largest && !beside)) {
        rate = measured;
        return;
      }
      before = measured;
    }
  }

  return { rate: () => rate, done: measure().finally(stop), stop };
}
