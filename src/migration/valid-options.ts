import { isAbsolute, resolve } from 'node:path';
import { PhaulError } from '../errors.ts';
import type { MigrateOptions } from './options.ts';

// Beyond what a timer can hold (2^31 ms) it would fire at once.
const longestTimeout = 1_000_000;
const leastBandwidth = 1024;

/**
 * Refuses values that make no sense, and takes a slash that a shell's completion has left away from the ends of paths.
 * @param called what whoever reads the error knows an option by
 * @throws USAGE
 */
export function validOptions(
  options: MigrateOptions,
  called: (option: keyof MigrateOptions) => string,
): MigrateOptions {
  const demand = (good: boolean, option: keyof MigrateOptions, what: string): void => {
    if (!good) throw new PhaulError('USAGE', `${called(option)} ${what}`);
  };
  const { timeout, stopTimeout, downtimeLimit, maxIterations, maxGrowth, enough, dataPort } = options;
  demand(
    timeout > 0 && timeout <= longestTimeout,
    'timeout',
    `is a number of seconds, more than 0 and at most ${longestTimeout}.`,
  );
  demand(
    stopTimeout >= 0 && stopTimeout <= longestTimeout,
    'stopTimeout',
    `is a number of seconds, from 0 to ${longestTimeout}.`,
  );
  demand(downtimeLimit >= 0, 'downtimeLimit', 'is a number of milliseconds, 0 or more.');
  demand(Number.isInteger(maxIterations) && maxIterations >= 0, 'maxIterations', 'is a whole number.');
  demand(maxGrowth >= 0, 'maxGrowth', 'is a number, 0 or more.');
  demand(enough >= 0, 'enough', 'is a number of bytes, 0 or more.');
  demand(
    options.bandwidthLimit === null || options.bandwidthLimit >= leastBandwidth,
    'bandwidthLimit',
    'is at least 1K: with less the memory would never arrive.',
  );
  demand(
    Number.isInteger(dataPort) && dataPort >= 0 && dataPort <= 65535,
    'dataPort',
    'is a number from 0 to 65535.',
  );
  for (const option of paths) {
    const path = options[option];
    demand(path === undefined || plainAbsolute(path), option, 'is an absolute path without "..".');
  }
  demand(
    options.pidRoot === undefined || resolve(options.pidRoot) !== '/',
    'pidRoot',
    'cannot be the root of the file system.',
  );
  demand(
    !options.keepImages || options.imagePath !== undefined,
    'keepImages',
    `goes with ${called('imagePath')}: a tmpfs does not outlast the migration.`,
  );
  const tidied = paths.flatMap((option) => {
    const path = options[option];
    return path === undefined ? [] : [[option, resolve(path)]];
  });
  return { ...options, ...(Object.fromEntries(tidied) as Partial<MigrateOptions>) };
}

const paths = ['imagePath', 'pidRoot', 'targetPidFile'] as const;

function plainAbsolute(path: string): boolean {
  return isAbsolute(path) && !path.split('/').includes('..');
}
