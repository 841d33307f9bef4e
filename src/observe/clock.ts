/** What renderers know of time; tests turn it by hand. */
export interface Clock {
  /** Milliseconds that never jump. */
  readonly now: () => number;
  /** Gives what stops it. It does not keep the process alive. */
  readonly every: (ms: number, work: () => void) => () => void;
}

export const realClock: Clock = {
  now: () => performance.now(),
  every: (ms, work) => {
    const timer = setInterval(work, ms);
    timer.unref();
    return () => clearInterval(timer);
  },
};
