import { release } from 'node:os';
import type { CriuProbe } from '../criu/probe.ts';
import { hasModule } from '../linux/kernel-module.ts';
import type { HostReport } from '../observe/events.ts';
import { version } from '../version.ts';

interface HostFacts {
  readonly kernel: string;
  readonly phaul?: string;
  readonly plug?: boolean | null;
  readonly criu: CriuProbe | null;
}

/** What matters of a host, as users and programs see it. */
export function hostReport(name: string, { kernel, phaul, plug, criu }: HostFacts): HostReport {
  const { memTrack = false, lazyPages = false } = criu ?? {};
  return {
    name,
    phaul: phaul ?? null,
    kernel,
    criu: criu?.version ?? null,
    memTrack,
    lazyPages,
    plug: plug ?? null,
  };
}

export async function thisHost(criu: CriuProbe | null): Promise<HostFacts> {
  return { kernel: release(), phaul: version, plug: await hasModule('sch_plug'), criu };
}
