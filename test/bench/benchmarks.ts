import type { Benchmark, VmBenchmark } from './benchmark.ts';
import { compress100Mbit, compressFullSpeed } from './compress.ts';
import { lxcPause, podmanPause } from './container-pause.ts';
import { fsThroughput, fsThroughputGcm } from './fs-throughput.ts';
import { memory } from './memory.ts';
import { pagePath, pagePathTls } from './page-path.ts';
import { freeze512Over16, freeze512Precopy, total512Precopy } from './precopy.ts';
import { freeze1gFull, process512Pause } from './process-pause.ts';
import { redis64Pause, redisPause } from './redis-pause.ts';
import { reviveBtrfs, reviveRsync } from './revive.ts';
import { startUp } from './start-up.ts';

/** All there are. */
export const benchmarks: readonly (Benchmark | VmBenchmark)[] = [
  redisPause,
  redis64Pause,
  process512Pause,
  freeze1gFull,
  memory,
  startUp,
  reviveRsync,
  reviveBtrfs,
  fsThroughput,
  fsThroughputGcm,
  pagePath,
  pagePathTls,
  compress100Mbit,
  compressFullSpeed,
  freeze512Precopy,
  total512Precopy,
  freeze512Over16,
  lxcPause,
  podmanPause,
];
