import { deaths } from './deaths.ts';
import { diskFaults } from './disks.ts';
import { disturbances } from './disturbances.ts';
import { doubtFaults } from './doubt.ts';
import type { Fault } from './fault.ts';
import { linkFaults } from './links.ts';

/** Everything that is done to a migration. */
export const faults: readonly Fault[] = [
  ...deaths,
  ...disturbances,
  ...linkFaults,
  ...doubtFaults,
  ...diskFaults,
];
