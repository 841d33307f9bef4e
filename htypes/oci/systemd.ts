import { existsSync } from 'node:fs';
import type { Refusal } from '../../src/errors.ts';

/** Has any runtime leave a container's cgroup to systemd, as a scope. It is in no state that a runtime's `create` reads: who creates one says it each time. */
export const cgroupOption = (systemd: boolean): string[] => (systemd ? ['--systemd-cgroup'] : []);

/** On the target: whose cgroup systemd has on the source, needs one here. */
export function withoutSystemd(id: string, systemd: boolean): Refusal[] {
  // As systemd's own sd_booted(3) looks.
  if (!systemd || existsSync('/run/systemd/system')) return [];
  return [
    {
      code: 'SYSTEMD_MISSING',
      message: `${id} has its cgroup from systemd, which does not run on the target.`,
      hint: 'Make it anew with the cgroup manager cgroupfs, or choose a target that has booted with systemd.',
      host: 'target',
    },
  ];
}
