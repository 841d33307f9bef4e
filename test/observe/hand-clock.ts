import type { Clock } from '../../src/observe/clock.ts';

/** A clock that goes when it is told to. */
export function handClock(): Clock & { readonly advanceTo: (ms: number) => void } {
  let now = 0;
  const timers = new Set<{ next: number; readonly ms: number; readonly work: () => void }>();
  return {
    now: () => now,
    every: (ms, work) => {
      const timer = { next: now + ms, ms, work };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advanceTo: (until) => {
      for (;;) {
        const [first] = [...timers].sort((one, other) => one.next - other.next);
        if (!first || first.next > until) break;
        now = first.next;
        first.next += first.ms;
        first.work();
      }
      now = until;
    },
  };
}
