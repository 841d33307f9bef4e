import type { HostReport } from './events.ts';

/** The programs that a migration's drivers work with on a host, and drivers that did not come with its phaul, each with its version. */
export function driverReleases({ phaul, drivers = [] }: Pick<HostReport, 'phaul' | 'drivers'>): string[] {
  const programs = drivers.flatMap((each) => each.programs);
  const ofOthers = drivers.filter(({ version }) => version !== null && version !== phaul);
  const named = [...programs, ...ofOthers.map((each) => ({ ...each, name: `driver ${each.name}` }))];
  return [...new Set(named.map(({ name, version }) => `${name} ${version ?? 'of an unknown version'}`))];
}
