import { defaults } from '../../src/migration/defaults.ts';
import type { MigrateOptions } from '../../src/migration/options.ts';

/** The options of `phaul migrate ct101 hostb`. */
export function migrateOptions(changed: Partial<MigrateOptions> = {}): MigrateOptions {
  return { container: 'ct101', destination: 'hostb', ...defaults, ...changed };
}
