import type { ArgumentsCamelCase, InferredOptionTypes } from 'yargs';
import { isAbsolute, resolve } from 'node:path';
import { PhaulError } from '../errors.ts';
import { fileLimits, pageLimits } from '../migration/convergence.ts';
import type { MigrateOptions } from '../migration/options.ts';
import type { checkOptions, courseOptions } from './options.ts';

type CheckArguments = ArgumentsCamelCase<InferredOptionTypes<typeof checkOptions>>;
type CourseArguments = ArgumentsCamelCase<InferredOptionTypes<typeof courseOptions>>;

// Beyond what a timer can hold (2^31 ms) it would fire at once.
const longestTimeout = 1_000_000;

/** The command line as MigrateOptions. @throws USAGE for values that make no sense */
export function toMigrateOptions(
  container: string,
  destination: string,
  args: CheckArguments & Partial<CourseArguments>,
): MigrateOptions {
  const timeout = args.timeout ?? 120;
  if (!(timeout > 0 && timeout <= longestTimeout))
    throw usage(`--timeout is a number of seconds, more than 0 and at most ${longestTimeout}.`);
  const {
    stopTimeout = 10,
    downtimeLimit = 300,
    maxIterations = pageLimits.rounds,
    maxGrowth = pageLimits.growth * 100,
    enough = `${fileLimits.enough}`,
  } = args;
  if (!(stopTimeout >= 0 && stopTimeout <= longestTimeout))
    throw usage(`--stop-timeout is a number of seconds, from 0 to ${longestTimeout}.`);
  if (!(downtimeLimit >= 0)) throw usage('--downtime-limit is a number of milliseconds, 0 or more.');
  if (!Number.isInteger(maxIterations) || maxIterations < 0)
    throw usage('--max-iterations is a whole number.');
  if (!(maxGrowth >= 0)) throw usage('--max-growth is a number of percent, 0 or more.');
  for (const [name, path] of Object.entries({
    'img-path': args.imgPath,
    'pid-root': args.pidRoot,
    'dst-rpid': args.dstRpid,
  }))
    if (path !== undefined && !plainAbsolute(path))
      throw usage(`--${name} is an absolute path without "..".`);
  if (!Number.isInteger(args.dataPort) || args.dataPort < 0 || args.dataPort > 65535)
    throw usage('--data-port is a number from 0 to 65535.');
  if (args.pidRoot !== undefined && resolve(args.pidRoot) === '/')
    throw usage('--pid-root cannot be the root of the file system.');
  if (args.keepImages && args.imgPath === undefined)
    throw usage('--keep-images goes with --img-path: a tmpfs does not outlast the migration.');
  return {
    container,
    destination,
    mode: args.mode,
    type: args.type,
    fs: args.fs,
    targetId: args.dstId,
    keepImages: args.keepImages,
    imagePath: tidy(args.imgPath),
    force: args.force,
    skipCpuCheck: args.skipCpuCheck,
    skipCriuCheck: args.skipCriuCheck,
    shellJob: args.shellJob,
    preDump: args.preDump,
    data: args.data,
    dataPort: args.dataPort,
    compress: args.compress,
    bandwidthLimit: args.bwlimit === undefined ? null : limit(args.bwlimit),
    downtimeLimit,
    onNoConvergence: args.onNoConvergence ?? 'go',
    maxIterations,
    maxGrowth: maxGrowth / 100,
    enough: bytes('enough', enough),
    stopTimeout,
    start: args.start ?? true,
    restore: args.restore === 'auto' ? undefined : args.restore,
    tcp: args.tcp,
    pidRoot: tidy(args.pidRoot),
    targetPidFile: tidy(args.dstRpid),
    criuPath: args.criuPath,
    timeout,
    acceptNewHostKey: args.acceptNewHostKey,
  };
}

/** `4096`, `64K`, `1.5M`, `2G` as bytes. @throws USAGE */
function bytes(option: string, text: string): number {
  const [, count, unit = ''] = /^(\d+(?:\.\d+)?)([KMG]?)$/i.exec(text.trim()) ?? [];
  if (count === undefined) throw usage(`--${option} is a number of bytes, or one with K, M or G.`);
  return Math.floor(Number(count) * 2 ** (10 * ['', 'K', 'M', 'G'].indexOf(unit.toUpperCase())));
}

/** @throws USAGE */
function limit(text: string): number {
  const rate = bytes('bwlimit', text);
  if (rate >= 1024) return rate;
  throw usage('--bwlimit is at least 1K: with less the memory would never arrive.');
}

/** Without the slash that a shell's completion leaves at the end. */
function tidy(path: string | undefined): string | undefined {
  return path === undefined ? undefined : resolve(path);
}

function plainAbsolute(path: string): boolean {
  return isAbsolute(path) && !path.split('/').includes('..');
}

function usage(message: string): PhaulError {
  return new PhaulError('USAGE', message);
}
