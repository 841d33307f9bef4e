import { release } from 'node:os';
import type { Mode } from '../acts.ts';
import type { SourceFs } from '../contracts/fs-driver.ts';
import type { SourceContainer } from '../contracts/htype.ts';
import { type CriuProbe, oldestCriu, probeCriu } from '../criu/probe.ts';
import { kernelLacks } from '../criu/kernel-check.ts';
import { codes } from '../error-codes.ts';
import { asPhaulError, type Refusal } from '../errors.ts';
import { isWatched } from '../linux/processes.ts';
import type { Devices } from './devices.ts';
import { type Migration, sourceRefusal } from './migration.ts';
import { type Found, surprises } from './surprises/find.ts';

interface SourceParts {
  readonly container: SourceContainer;
  readonly files: Pick<SourceFs, 'refusals'>;
  readonly devices: Pick<Devices, 'refusals'>;
  readonly pids: readonly number[];
  /** Nothing is to follow: time may be spent on looking closely. */
  readonly thorough: boolean;
}

export interface SourceFound extends Found {
  /** Null in revive mode, which needs none. */
  readonly criu: CriuProbe | null;
}

/** Where nobody has looked at processes. */
export const nothingFound: Found = { refusals: [], ports: [], files: [], warnings: [] };

/** Preflight on the source: every reason against the migration at once. Changes nothing. */
export async function checkSource(m: Migration, parts: SourceParts): Promise<SourceFound> {
  const { mode } = m.options;
  const live = mode === 'live';
  const criu = live ? await probeCriu(m.options.criuPath).catch(() => null) : null;
  const [open, ...lists] = await Promise.all([
    live ? surprises(parts.pids, parts.container, m.options, m.signal) : nothingFound,
    Promise.resolve(live ? criuRefusals(criu, m) : []),
    live && parts.thorough && criu ? kernelRefusals(m.options.criuPath) : [],
    live ? stillFilling(parts.pids) : [],
    ...[parts.container.refusals?.(mode), parts.files.refusals(), ...parts.devices.refusals()].map((list) =>
      (list ?? Promise.resolve([])).catch((thrown: unknown) => {
        const { code, message, hint } = asPhaulError(thrown, 'DRIVER_FAILED');
        return [sourceRefusal(code, message, hint)];
      }),
    ),
  ]);
  for (const warning of open.warnings) m.say('warn', warning);
  return { ...open, criu, refusals: [...lists.flat(), ...open.refusals] };
}

/** The htype lacks the capability of that mode's name. */
export function modeUnsupported(htype: string, mode: Mode): Refusal {
  const message = `Containers of the kind ${htype} cannot be moved in ${mode} mode.`;
  return sourceRefusal('MODE_UNSUPPORTED', message, codes.MODE_UNSUPPORTED.hint);
}

/** CRIU and the kernel on the source, as far as the options need them. */
export function criuRefusals(criu: CriuProbe | null, m: Pick<Migration, 'options'>): Refusal[] {
  const { criuPath, preDump, skipCriuCheck } = m.options;
  if (!criu)
    return [
      sourceRefusal(
        'CRIU_MISSING',
        `CRIU (${criuPath}) cannot be started on this host.`,
        codes.CRIU_MISSING.hint,
      ),
    ];
  const refusals: Refusal[] = [];
  const oldest = oldestCriu(release());
  if (criu.number < oldest.number && !skipCriuCheck) {
    const message = `This host has CRIU ${criu.version}; ${oldest.text} is the oldest that works with its kernel.`;
    refusals.push(sourceRefusal('CRIU_TOO_OLD', message, codes.CRIU_TOO_OLD.hint));
  }
  if (preDump && !criu.memTrack) {
    const message = "--pre-dump: this host's kernel does not track written memory (CONFIG_MEM_SOFT_DIRTY).";
    refusals.push(sourceRefusal('KERNEL_FEATURE', message, codes.KERNEL_FEATURE.hint));
  }
  return refusals;
}

/** @param criuPath of a CRIU that can be started */
export async function kernelRefusals(criuPath: string): Promise<Refusal[]> {
  const reason = await kernelLacks(criuPath);
  if (reason === null) return [];
  const message = `CRIU misses something in this host's kernel (criu check): ${reason}`;
  return [sourceRefusal('KERNEL_FEATURE', message, codes.KERNEL_FEATURE.hint)];
}

/** Memory that has not come yet, of a container that has only just been moved here, cannot be moved on. */
async function stillFilling(pids: readonly number[]): Promise<Refusal[]> {
  const watched = await Promise.all(pids.map(isWatched));
  const users = pids.filter((_, index) => watched[index]);
  if (users.length === 0) return [];
  const message = `The memory of process ${users.join(', ')} of the container is not all in place yet (userfaultfd).`;
  return [sourceRefusal('FILL_RUNNING', message, codes.FILL_RUNNING.hint)];
}
