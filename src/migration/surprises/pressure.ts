import type { Refusal } from '../../errors.ts';
import { sourceRefusal } from '../migration.ts';
import { type Member, who } from './member.ts';

const pressure = /^\/proc\/pressure\/|^\/sys\/fs\/cgroup\/.*\/(cpu|io|irq|memory)\.pressure$/;

/**
 * Who has told the kernel to wake it under pressure, as systemd does and what it starts. CRIU opens the file anew but says nothing to it, and then the kernel takes whoever
 * polls it for one to be woken at once, again and again (kernel/sched/psi.c, psi_trigger_poll): systemd would do nothing else any more.
 */
export function pressureWatches(members: readonly Member[]): Refusal[] {
  return members.flatMap((member) =>
    member.descriptors.flatMap(({ link, number, access }) => {
      if (access === 'read' || !pressure.test(link)) return [];
      const message = `${who(member)} watches ${link} (descriptor ${number}), which CRIU does not move: it would be woken without end.`;
      const hint =
        'Start the container anew with MEMORY_PRESSURE_WATCH=/dev/null in the environment; with systemd see docs/lxc.md. Or move it with --mode revive.';
      return [sourceRefusal('FILE_UNSUPPORTED', message, hint)];
    }),
  );
}
