import type { Compression, Encoding } from './compression.ts';

/** What is measured together, in ms: long enough for a slow link to show itself, and for a fast one to lose little by a trial. */
const EPOCH = { first: 50, most: 400 };
/** From this part of the time on that the sender waits for the stream, the link holds it up; below the other one it flows. */
const HELD_UP = 0.25;
const FLOWING = 0.1;
/** How much faster zstd must promise to be before it is tried, and prove to be in order to be kept. */
const PROMISE = 1.3;
const PROOF = 1.05;
/** Epochs in a row without proof after which zstd is left: at first, and once it has been proved. */
const DOUBTS = { first: 2, later: 4 };
/** Two epochs agree if the link is less than so many times faster in the one than in the other: real links go in bursts. */
const SAME = 1.5;
/** A link that is so many times faster or slower than it was is another link. */
const OTHER = 2;
/** Blocks that shrink to this are worth a trial, and to more than the other are better sent as they are. */
const USEFUL = 0.83;
const USELESS = 0.9;
/** The part of one core's time that may go into probes: on a link too fast for zstd, and on one that leaves a core idle. */
const PROBES = { fast: 0.005, slow: 0.02 };
const GOLDEN = 0.618;
/** After a failure zstd rests this many times as long as the trial took, after each further one twice as long. */
const REST = { first: 20, most: 160 };
/** How long zstd goes on before another look at the bare link, in ms; after each one twice as long. */
const LOOK = { first: 250, most: 8000 };

/** What was measured of blocks that were sent one after the other. */
interface Epoch {
  /** Bytes of memory per ms. */
  readonly pace: number;
  /** Bytes that the link takes per ms, or more than it does: only the time spent waiting counts. */
  readonly link: number;
  /** The part of the time that the sender waited. */
  readonly waiting: number;
  /** What was left of a byte. */
  readonly left: number;
}

/**
 * `--compress auto`. The first blocks go raw. Where the sender waits for the stream, now and then a block is a probe, from which is
 * learnt how many bytes a core compresses in a ms and to what. If a core is a good deal faster than the link, zstd is tried,
 * and kept only while memory moves faster than it did before: this alone sees a target that is the bottleneck, or an ssh
 * that needs the core. The link counts as known when two epochs agree: the first MiBs, which the sockets' buffers swallow at the
 * speed of memory, so delay the trial by some epochs and never prevent it. zstd is left where blocks do not shrink (probes
 * find where they do again) and, for a look at the bare link, where the stream flows: compressing is the bottleneck there.
 * @param now a clock in ms
 */
export function autoCompression(now: () => number): Compression {
  let encoding: Encoding = 'raw';
  let sum = { since: now(), bytes: 0, wire: 0, waited: 0 };
  /** How long an epoch is. Longer after each two that do not agree, because a link may go in bursts. */
  let span = EPOCH.first;
  /** The epoch before, in the same encoding. */
  let last: Epoch | undefined;
  /** Averages over blocks: what is left of a byte, and bytes per ms of one core. Undefined until the first probe. */
  let left: number | undefined;
  let speed: number | undefined;
  /** Calls that have not come back yet. A probe is one that has the machine's cores to itself. */
  let calls = 0;
  const probe = { running: false, warm: false, notBefore: 0, dither: 0 };
  /** Where zstd is in use: what it has to beat, and for how many epochs it has not. A link that moves in bursts may stall once. */
  let trial:
    { since: number; took?: number; pace: number; link: number; proved: boolean; doubts: number } | undefined;
  let failed = { until: 0, link: 0, rest: REST.first };
  let look = { at: 0, after: LOOK.first };

  const tooFast = (link: number): boolean => speed === undefined || speed < PROMISE * link;

  function change(to: Encoding): void {
    encoding = to;
    if (to === 'raw') span = EPOCH.first;
    last = undefined;
  }

  function afterRaw(epoch: Epoch, time: number): void {
    const before = last;
    last = epoch;
    if (before === undefined) return;
    if (!agree(before, epoch)) {
      if (epoch.waiting >= HELD_UP) span = Math.min(2 * span, EPOCH.most);
      return;
    }
    if (tooFast(epoch.link)) look = { at: 0, after: LOOK.first };
    else if (left === undefined || left > USEFUL) return;
    else if (time >= failed.until || epoch.link < failed.link / OTHER) {
      trial = {
        since: time,
        pace: Math.max(before.pace, epoch.pace),
        link: epoch.link,
        proved: false,
        doubts: 0,
      };
      look = { at: time + look.after, after: Math.min(2 * look.after, LOOK.most) };
      change('zstd');
    }
  }

  function afterZstd(epoch: Epoch, time: number): void {
    const flows = epoch.waiting < FLOWING;
    const flowed = last !== undefined && last.waiting < FLOWING;
    last = epoch;
    if (left !== undefined && left > USELESS) return change('raw');
    if (trial) {
      trial.took ??= time - trial.since;
      // Also an epoch with many blocks from before the change proves nothing.
      if (epoch.left <= USEFUL) {
        const proved = epoch.pace >= PROOF * trial.pace;
        // Again and again, because buffers that fill with compressed bytes let a trial pass that the target's pace makes useless.
        if (proved) trial.proved = true;
        if (proved) trial.doubts = 0;
        else if (epoch.waiting >= HELD_UP || !trial.proved) trial.doubts++;
        if (trial.doubts >= (trial.proved ? DOUBTS.later : DOUBTS.first))
          return fail(trial.link, trial.took, time);
      }
    }
    // It was but a stall if more goes through now than the link took then, and not just in one burst.
    const recovered = flowed && trial !== undefined && epoch.pace * epoch.left > OTHER * trial.link;
    if (flows && (recovered || time >= look.at)) change('raw');
  }

  function fail(link: number, took: number, time: number): void {
    failed = { until: time + failed.rest * took, link, rest: Math.min(2 * failed.rest, REST.most) };
    change('raw');
  }

  return {
    choose: () => {
      if (encoding === 'raw') {
        if (calls > 0 || now() < probe.notBefore || last === undefined || last.waiting < HELD_UP)
          return 'raw';
        probe.running = true;
      }
      calls++;
      return 'zstd';
    },
    compressed: (bytes, written, ms) => {
      const shrunk = (written ?? bytes) / bytes;
      left = average(left, shrunk, bytes);
      calls--;
      if (!probe.running) return;
      probe.running = false;
      // The first call of all makes a context and meets cold caches: measured, a tenth of the speed of those to come.
      if (!probe.warm) return void (probe.warm = true);
      // What does not shrink is given up early, which says nothing of what a core can do.
      if (shrunk <= USELESS) speed = average(speed, bytes / Math.max(ms, 0.001), bytes);
      // Never at an even beat: memory has patterns of its own, and a probe that always meets the same part of one learns nothing.
      probe.dither = (probe.dither + GOLDEN) % 1;
      const rest = ms / (last && !tooFast(last.link) ? PROBES.slow : PROBES.fast);
      probe.notBefore = now() + rest * (0.75 + probe.dither / 2);
    },
    sent: (bytes, wire, waitedMs) => {
      const time = now();
      sum.bytes += bytes;
      sum.wire += wire;
      sum.waited += waitedMs;
      const took = time - sum.since;
      if (took < span) return;
      const { waited } = sum;
      const epoch = {
        pace: sum.bytes / took,
        link: sum.wire / waited,
        waiting: waited / took,
        left: sum.wire / sum.bytes,
      };
      sum = { since: time, bytes: 0, wire: 0, waited: 0 };
      if (encoding === 'raw') afterRaw(epoch, time);
      else afterZstd(epoch, time);
    },
  };
}

/** Whether the link held the sender up in both epochs, and was about as fast in the one as in the other. */
function agree(one: Epoch, other: Epoch): boolean {
  const change = one.link / other.link;
  return one.waiting >= HELD_UP && other.waiting >= HELD_UP && change > 1 / SAME && change < SAME;
}

/** An average in which 256 KiB count an eighth, so that a few odd blocks do not turn it. */
function average(before: number | undefined, next: number, bytes: number): number {
  return before === undefined ? next : before + (next - before) * Math.min(1 / 8, bytes / 2 ** 21);
}
