import { readFile, statfs } from 'node:fs/promises';
import { release } from 'node:os';
import { join } from 'node:path';
import { kernelLacks } from '../criu/kernel-check.ts';
import { driverApi } from '../contracts/driver.ts';
import { fsDriverNamed, htypeNamed } from '../contracts/registry.ts';
import type { TargetFs } from '../contracts/fs-driver.ts';
import type { TargetContainer } from '../contracts/htype.ts';
import type { DriverContext } from '../contracts/context.ts';
import { versionsOf } from '../contracts/versions.ts';
import { cpuAccepts } from '../criu/cpuinfo.ts';
import { oldestCriu, probeCriu, type CriuProbe } from '../criu/probe.ts';
import { loadZstd } from '../pages/zstd.ts';
import { codes, type ErrorCode } from '../error-codes.ts';
import { asPhaulError, type Refusal } from '../errors.ts';
import { cpuFlags } from '../linux/cpu-flags.ts';
import { hasModule } from '../linux/kernel-module.ts';
import type { Params, Result } from '../rpc/methods.ts';
import { version } from '../version.ts';
import { diskSpace } from './disk-space.ts';
import { type TargetDevices, targetDevices } from './devices.ts';
import { filesMissing } from './files-here.ts';
import { portsTaken } from './ports.ts';

/** The target's halves of the drivers of one migration. */
export interface TargetParts {
  readonly container: TargetContainer;
  /** In the order of the source's `check`. */
  readonly fs: readonly TargetFs[];
  /** An fs driver will have put something else in the place of a tree when the last files are there. */
  readonly replaced: boolean;
  readonly devices: TargetDevices;
}

/** @throws DRIVER_UNKNOWN, PROTOCOL_ERROR if a driver does not understand what its other half said. */
export async function targetParts(params: Params<'check'>, ctx: DriverContext): Promise<TargetParts> {
  const { container, source: peer, mode } = params;
  const move = { container: container.id, peer, mode };
  const htype = await htypeNamed(params.container.htype);
  const fsDrivers = await Promise.all(params.fs.map(({ driver }) => fsDriverNamed(driver)));
  return {
    container: htype.target(params.container, ctx),
    fs: fsDrivers.map((driver, index) => driver.target(params.fs[index]?.trees ?? [], ctx)),
    replaced: fsDrivers.some(({ capabilities }) => capabilities.replaces),
    devices: await targetDevices(params.devices, { ...ctx, move }, ctx.warn),
  };
}

/**
 * Preflight on the target: every reason against the migration at once. Changes nothing.
 * @param received when the call came, in ms since 1970
 * @param warn tells the user what is no reason, and may become one
 */
export async function checkTarget(
  criuPath: string,
  params: Params<'check'>,
  parts: TargetParts,
  received: number,
  warn: (text: string) => void,
): Promise<Result<'check'>> {
  const { cpuFlags: theirs = [], ports = [], files = [], thorough = false, room = [] } = params.more ?? {};
  const live = params.mode === 'live';
  const criu = live ? await probeCriu(criuPath).catch(() => null) : null;
  const versions = versionsOf({
    htype: [params.container.htype],
    fs: params.fs.map(({ driver }) => driver),
    device: params.devices.map(({ name }) => name),
  });
  const lists = await Promise.all([
    Promise.resolve(live ? criuRefusals(criu, params) : []),
    criu && params.cpuinfo !== null ? cpuRefusals(criuPath, params.cpuinfo, theirs) : [],
    criu && thorough ? kernelRefusals(criuPath) : [],
    portsTaken(ports),
    filesMissing(files),
    memoryRefusals(params.memory, params.imagePath),
    diskSpace(room).then(({ refusals, warnings }) => {
      warnings.forEach(warn);
      return refusals;
    }),
    ...[
      parts.container.refusals?.(),
      ...parts.fs.map((fs) => fs.refusals(params.force)),
      ...parts.devices.refusals(),
    ].map(asRefusals),
  ]);
  return {
    criu,
    kernel: release(),
    zstd: loadZstd() !== null,
    refusals: [...apiRefusals(params.api), ...lists.flat()],
    more: {
      phaul: version,
      plug: await hasModule('sch_plug'),
      drivers: await versions,
      plainTar: true,
      received,
      answered: Date.now(),
    },
  };
}

/** A driver that throws in its preflight refuses by that. */
function asRefusals(list: Promise<Refusal[]> = Promise.resolve([])): Promise<Refusal[]> {
  return list.catch((thrown: unknown) => {
    const error = asPhaulError(thrown, 'DRIVER_FAILED');
    return [{ code: error.code, message: error.message, hint: error.hint, host: 'target' as const }];
  });
}

/** Both halves of a driver must have been made for one contract. */
function apiRefusals(theirs: number): Refusal[] {
  if (theirs === driverApi) return [];
  const message = `The source's drivers are for version ${theirs} of phaul's drivers, the target's for version ${driverApi}.`;
  return [refusal('DRIVER_API', message)];
}

function criuRefusals(criu: CriuProbe | null, params: Params<'check'>): Refusal[] {
  if (!criu) return [refusal('CRIU_MISSING', 'CRIU cannot be started on the target.')];
  const oldest = oldestCriu(release());
  if (criu.number >= oldest.number || params.skipCriuCheck) return [];
  return [
    refusal(
      'CRIU_TOO_OLD',
      `The target has CRIU ${criu.version}; ${oldest.text} is the oldest that works with its kernel.`,
    ),
  ];
}

async function kernelRefusals(criuPath: string): Promise<Refusal[]> {
  const reason = await kernelLacks(criuPath);
  if (reason === null) return [];
  return [refusal('KERNEL_FEATURE', `CRIU misses something in the target's kernel (criu check): ${reason}`)];
}

async function cpuRefusals(criuPath: string, cpuinfo: string, theirs: readonly string[]): Promise<Refusal[]> {
  const same = await cpuAccepts(criuPath, Buffer.from(cpuinfo, 'base64')).catch((error: unknown) =>
    asPhaulError(error),
  );
  if (same === true) return [];
  if (same !== false) return [refusal('CPU_CHECK', same.message)];
  const lacks = missingFlags(theirs, await cpuFlags());
  return [refusal('CPU_INCOMPATIBLE', `The target's CPU lacks ${lacks} that the source's CPU has.`)];
}

/** Images and processes exist side by side on the target while CRIU restores. */
async function memoryRefusals(needed: number, imagePath: string | null): Promise<Refusal[]> {
  const available =
    Number(/^MemAvailable:\s+(\d+)/m.exec(await readFile('/proc/meminfo', 'utf8'))?.[1] ?? 0) * 1024;
  const inMemory = imagePath === null ? 2 * needed : needed;
  const list = available < inMemory ? [spaceRefusal('memory', inMemory, available)] : [];
  if (imagePath === null) return list;
  const free = await statfs(join(imagePath)).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => null,
  );
  if (free === null)
    return [
      ...list,
      refusal('PATH_MISSING', `The directory ${imagePath} (--img-path) does not exist on the target.`),
    ];
  return free < needed ? [...list, spaceRefusal(imagePath, needed, free)] : list;
}

function spaceRefusal(where: string, needed: number, free: number): Refusal {
  const mib = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;
  return refusal('NO_SPACE', `The target has ${mib(free)} of ${where} free; ${mib(needed)} are needed.`);
}

function refusal(code: ErrorCode, message: string): Refusal {
  return { code, message, hint: codes[code].hint, host: 'target' };
}

const mostFlags = 8;

/** What one CPU can and the other cannot, in words. */
export function missingFlags(theirs: readonly string[], ours: readonly string[]): string {
  const missing = theirs.filter((flag) => !ours.includes(flag));
  if (missing.length === 0) return 'something';
  const left = missing.length - mostFlags;
  return `${missing.slice(0, mostFlags).join(', ')}${left > 0 ? ` and ${left} more` : ''}`;
}
