import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';

/** Measures a link for as long as it is let. */
export interface LinkGauge {
  /** Bytes in a second, as far as that is known by now; null: it is not. */
  readonly rate: () => number | null;
  /** Settles when it is known well, or will never be. */
  readonly done: Promise<void>;
  /** Nothing more is sent. Idempotent. */
  readonly stop: () => void;
}

// Each four times as large as the one before: a slow link is known soon, and a quick one gets something to do.
const portions = Array.from({ length: 6 }, (_, power) => 2 ** 18 * 4 ** power);
const block = randomBytes(2 ** 18);
const limitMs = 15_000;
// The answer to a portion takes a round trip, which is no matter of the rate.
const roundTrips = 8;

/**
 * How many bytes in a second go to the target through ssh, found out by sending portions that nobody keeps there; each is answered when all of it has arrived.
 * @param login ssh's arguments, without a command
 * @param enoughMs a portion that took so long, or longer, tells the rate well
 */
export function gaugeLink(login: readonly string[], enoughMs: number): LinkGauge {
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
    let shortest = Infinity;
    let before = 0;
    for (const bytes of portions) {
      const began = performance.now();
      const answered = answer();
      if (!(await send(bytes)) || !(await answered)) return;
      const tookMs = performance.now() - began;
      const measured = (bytes * 1000) / tookMs;
      // The better of the last two: what else the hosts do at the time can only make it less, and a small portion may be let through more quickly than any later.
      rate = Math.max(before, measured);
      before = measured;
      shortest = Math.min(shortest, tookMs);
      if (tookMs >= enoughMs && tookMs >= roundTrips * shortest) return;
    }
  }

  return { rate: () => rate, done: measure().finally(stop), stop };
}
