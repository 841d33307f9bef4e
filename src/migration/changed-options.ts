import { defaults } from './defaults.ts';
import type { MigrateOptions } from './options.ts';

// The first event has members of its own for these.
const told: readonly string[] = ['container', 'destination', 'mode'];

/** What somebody has asked for: the options that are not as they are by default. */
export function changedOptions(options: MigrateOptions): Record<string, string | number | boolean> {
  const usual: Partial<MigrateOptions> = defaults;
  const changed = Object.entries(options).flatMap(([name, value]) =>
    told.includes(name) ||
    value === undefined ||
    value === null ||
    value === usual[name as keyof MigrateOptions]
      ? []
      : [[name, value] as const],
  );
  return Object.fromEntries(changed);
}
