import type { Compression } from '../../src/pages/compression.ts';

const MB = 1000; // 1 MB/s in bytes per ms
const tick = 0.05;

/** All rates in MB/s. */
export interface World {
  readonly mebibytes: number;
  readonly link: (ms: number) => number;
  /** What becomes of a byte of block `i`, of `n`; 1 if it does not shrink. */
  readonly left: (i: number, n: number) => number;
  /** How fast one core compresses. */
  readonly core?: number;
  readonly cores?: number;
  /** The link needs a core for its bytes, as ssh does. */
  readonly cipher?: boolean;
  /** How fast the target takes memory, however it was sent. */
  readonly target?: number;
  /** How fast blocks are read. */
  readonly source?: number;
  /** What the sockets' buffers swallow, in MiB. */
  readonly buffers?: number;
  readonly block?: number;
  /** Blocks at once between read and sent. */
  readonly depth?: number;
}

export interface Outcome {
  readonly ms: number;
  readonly blocks: number;
  /** Blocks that were compressed, whatever became of them. */
  readonly tried: number;
  /** The part of the time of one core that this took. */
  readonly cpu: number;
  /** When the first block was sent compressed. */
  readonly firstAt: number;
}

interface Block {
  readonly wire: number;
  readonly since: number;
  /** Bytes still to compress. */
  work: number;
}

/** A sender on a virtual machine with a virtual clock, the same each time: blocks go out in order. */
export function simulate(world: World, make: (now: () => number) => Compression): Outcome {
  const {
    core = 400,
    cores = 2,
    source = 1500,
    target = Infinity,
    block = 2 ** 18,
    buffers = 2,
    depth = 4,
  } = world;
  const blocks = Math.round((world.mebibytes * 2 ** 20) / block);
  let now = 0;
  const policy = make(() => now);
  const queue: Block[] = [];
  let [read, sent, tried, busy, firstAt] = [0, 0, 0, 0, Infinity];
  let reading = 0;
  let buffered = { wire: 0, memory: 0 };
  let writing: { readonly wire: number; waited: number } | undefined;

  for (; sent < blocks || buffered.wire > 1; now += tick) {
    const active = queue.filter(({ work }) => work > 0);
    const isReading = read < blocks && queue.length < depth;
    const demand = active.length + (isReading ? 1 : 0) + (world.cipher && buffered.wire > 0 ? 1 : 0);
    const share = Math.min(1, cores / Math.max(demand, 1)) * tick;

    for (const each of active) {
      busy += share;
      each.work -= core * MB * share;
      if (each.work <= 0) policy.compressed(block, each.wire < block ? each.wire : null, now - each.since);
    }
    if (isReading) reading += source * MB * share;
    while (reading >= block && read < blocks && queue.length < depth) {
      const zstd = policy.choose() === 'zstd';
      if (zstd) tried++;
      const wire = zstd ? Math.round(block * world.left(read, blocks)) : block;
      queue.push({ wire, since: now, work: zstd ? block : 0 });
      reading -= block;
      read++;
    }

    const takes = world.link(now) * MB * (world.cipher ? share : tick);
    const filled = (target * MB * tick * buffered.wire) / Math.max(buffered.memory, 1);
    const drained = Math.min(buffered.wire, takes, filled);
    const kept = buffered.wire > 0 ? 1 - drained / buffered.wire : 0;
    buffered = { wire: buffered.wire * kept, memory: buffered.memory * kept };

    for (;;) {
      if (writing && buffered.wire > buffers * 2 ** 20) {
        writing.waited += tick;
        break;
      }
      if (writing) {
        policy.sent(block, writing.wire, writing.waited);
        sent++;
      }
      writing = undefined;
      const head = queue[0];
      if (!head || head.work > 0) break;
      queue.shift();
      if (head.wire < block) firstAt = Math.min(firstAt, now);
      buffered = { wire: buffered.wire + head.wire, memory: buffered.memory + block };
      writing = { wire: head.wire, waited: 0 };
    }
  }
  return { ms: now, blocks, tried, cpu: busy / now, firstAt };
}
