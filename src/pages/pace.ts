/** Says how long to wait, so that no more than so much goes out in a time. */
export interface Pace {
  /** These bytes go out now: for how many ms no more may. */
  readonly went: (bytes: number) => number;
}

// What was not sent while there was nothing to send may be made up for, but not more.
const burstMs = 50;

/** @param bytesPerSecond null: no limit. @param now a clock in ms */
export function pace(bytesPerSecond: number | null, now: () => number = () => performance.now()): Pace {
  if (bytesPerSecond === null) return { went: () => 0 };
  // When all that went out will have been due.
  let due = -Infinity;
  return {
    went: (bytes) => {
      const time = now();
      due = Math.max(due, time - burstMs) + (bytes / bytesPerSecond) * 1000;
      return Math.max(0, due - time);
    },
  };
}
