import type { MigrateOptions } from '../../src/migration/options.ts';

/** The options of `phaul migrate ct101 hostb`. */
export function migrateOptions(changed: Partial<MigrateOptions> = {}): MigrateOptions {
  return {
    container: 'ct101',
    destination: 'hostb',
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
    maxIterations: 8,
    maxGrowth: 0.1,
    enough: 2 ** 20,
    stopTimeout: 10,
    start: true,
    tcp: true,
    criuPath: 'criu',
    timeout: 120,
    acceptNewHostKey: false,
    ...changed,
  };
}
