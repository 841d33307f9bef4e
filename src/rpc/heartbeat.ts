const everyMs = 1000;
const silentMs = 8000;

/** Says "alive" every second and notices when the other side has not been heard for 8 seconds. */
export function heartbeat(
  say: () => void,
  onSilence: () => void,
  /** 'now': the other side is there already. 'first': it is still being reached; count from its first word. */
  since: 'now' | 'first' = 'now',
): { heard: () => void; stop: () => void } {
  let ticked = performance.now();
  let last = since === 'now' ? ticked : Infinity;
  const timer = setInterval(() => {
    const now = performance.now();
    // If this process itself stood still (a stopped or starved host), what arrived meanwhile has not been read yet.
    if (now - ticked > silentMs / 2) last = Math.max(last, now);
    ticked = now;
    say();
    if (now - last > silentMs) {
      clearInterval(timer);
      onSilence();
    }
  }, everyMs);
  timer.unref();
  return { heard: () => void (last = performance.now()), stop: () => clearInterval(timer) };
}
