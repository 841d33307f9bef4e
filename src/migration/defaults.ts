import { fileLimits, pageLimits } from './convergence.ts';
import type { MigrateOptions } from './options.ts';

/** What is so if nobody says otherwise. */
export const defaults = {
  mode: 'live',
  keepImages: false,
  force: false,
  skipCpuCheck: false,
  skipCriuCheck: false,
  shellJob: false,
  data: 'auto',
  dataPort: 0,
  compress: 'auto',
  bandwidthLimit: null,
  downtimeLimit: 300,
  onNoConvergence: 'go',
  maxIterations: pageLimits.rounds,
  maxGrowth: pageLimits.growth,
  enough: fileLimits.enough,
  stopTimeout: 10,
  start: true,
  tcp: true,
  criuPath: 'criu',
  timeout: 120,
  acceptNewHostKey: false,
} as const satisfies Partial<MigrateOptions>;
