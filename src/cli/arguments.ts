import { PhaulError } from '../errors.ts';
import { defaults } from '../migration/defaults.ts';
import type { MigrateOptions } from '../migration/options.ts';
import { validOptions } from '../migration/valid-options.ts';
import type { InForce } from './layered.ts';
import type { checkOptions, courseOptions } from './options.ts';

type CheckArguments = InForce<typeof checkOptions>;
type CourseArguments = InForce<typeof courseOptions>;

/**
 * The options in force as MigrateOptions.
 * @param called how an option is named to whoever reads the error
 * @throws USAGE for values that make no sense
 */
export function toMigrateOptions(
  container: string,
  destination: string,
  args: CheckArguments & Partial<CourseArguments>,
  called: (name: string) => string = (name) => `--${name}`,
): MigrateOptions {
  const {
    timeout = defaults.timeout,
    stopTimeout = defaults.stopTimeout,
    downtimeLimit = defaults.downtimeLimit,
    onNoConvergence = defaults.onNoConvergence,
    maxIterations = defaults.maxIterations,
    maxGrowth = defaults.maxGrowth * 100,
    enough = `${defaults.enough}`,
    start = defaults.start,
  } = args;
  const options: MigrateOptions = {
    container,
    destination,
    mode: args.mode,
    type: args.type,
    fs: args.fs,
    targetId: args.dstId,
    keepImages: args.keepImages,
    imagePath: args.imgPath,
    force: args.force,
    skipCpuCheck: args.skipCpuCheck,
    skipCriuCheck: args.skipCriuCheck,
    shellJob: args.shellJob,
    preDump: args.preDump,
    data: args.data,
    dataPort: args.dataPort,
    compress: args.compress,
    bandwidthLimit: args.bwlimit === undefined ? null : bytes(called('bwlimit'), args.bwlimit),
    downtimeLimit,
    onNoConvergence,
    maxIterations,
    maxGrowth: maxGrowth / 100,
    enough: bytes(called('enough'), enough),
    stopTimeout,
    start,
    restore: args.restore === 'auto' ? undefined : args.restore,
    tcp: args.tcp,
    pidRoot: args.pidRoot,
    targetPidFile: args.dstRpid,
    criuPath: args.criuPath,
    timeout,
    acceptNewHostKey: args.acceptNewHostKey,
  };
  return validOptions(options, (option) => called(nameOf(option)));
}

const otherNames: Partial<Record<keyof MigrateOptions, string>> = {
  imagePath: 'img-path',
  bandwidthLimit: 'bwlimit',
  targetPidFile: 'dst-rpid',
};

function nameOf(option: keyof MigrateOptions): string {
  return otherNames[option] ?? option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `4096`, `64K`, `1.5M`, `2G` as bytes. @throws USAGE */
function bytes(option: string, text: string): number {
  const [, count, unit = ''] = /^(\d+(?:\.\d+)?)([KMG]?)$/i.exec(text.trim()) ?? [];
  if (count === undefined)
    throw new PhaulError('USAGE', `${option} is a number of bytes, or one with K, M or G.`);
  return Math.floor(Number(count) * 2 ** (10 * ['', 'K', 'M', 'G'].indexOf(unit.toUpperCase())));
}
