import type { Benchmark } from './benchmark.ts';
import { fsThroughput, fsThroughputGcm } from './fs-throughput.ts';
import { memory } from './memory.ts';
import { process512Pause } from './process-512-pause.ts';
import { redis64Pause, redisPause } from './redis-pause.ts';
import { reviveBtrfs, reviveRsync } from './revive.ts';
import { startUp } from './start-up.ts';

/** All there are. */
export const benchmarks: readonly Benchmark[] = [
  redisPause,
  redis64Pause,
  process512Pause,
  memory,
  startUp,
  reviveRsync,
  reviveBtrfs,
  fsThroughput,
  fsThroughputGcm,
];
