import { release } from 'node:os';
import { type UsedDrivers, versionsOf } from '../contracts/versions.ts';
import type { CriuProbe } from '../criu/probe.ts';
import { hasModule } from '../linux/kernel-module.ts';
import type { HostReport } from '../observe/events.ts';
import { version } from '../version.ts';

interface HostFacts {
  readonly kernel: string;
  readonly phaul?: string;
  readonly plug?: boolean | null;
  readonly criu: CriuProbe | null;
  readonly drivers?: NonNullable<HostReport['drivers']> | undefined;
}

/** What matters of a host, as users and programs see it. */
export function hostReport(name: string, { kernel, phaul, plug, criu, drivers }: HostFacts): HostReport {
  const { memTrack = false, lazyPages = false } = criu ?? {};
  return {
    name,
    phaul: phaul ?? null,
    kernel,
    criu: criu?.version ?? null,
    memTrack,
    lazyPages,
    plug: plug ?? null,
    ...(drivers && { drivers }),
  };
}

/** @param used the drivers of the migration */
export async function thisHost(criu: CriuProbe | null, used: UsedDrivers): Promise<HostFacts> {
  const [plug, drivers] = await Promise.all([hasModule('sch_plug'), versionsOf(used)]);
  return { kernel: release(), phaul: version, plug, criu, drivers };
}
