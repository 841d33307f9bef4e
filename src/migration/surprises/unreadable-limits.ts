import { readFile } from 'node:fs/promises';
import type { Refusal } from '../../errors.ts';
import { sourceRefusal } from '../migration.ts';
import { type Member, statusField, who } from './member.ts';
import type { Scene } from './scene.ts';

const sysResource = 24n;

/** CRIU asks the kernel for the limits of each process (criu/cr-dump.c, dump_task_rlimits), and gets those of other users only with CAP_SYS_RESOURCE. */
export async function unreadableLimits({ members, host }: Scene): Promise<Refusal[]> {
  const own = await readFile('/proc/self/status', 'utf8');
  return foreignLimits(own, members, host);
}

/** @param own /proc/PID/status of phaul, whose capabilities CRIU has */
export function foreignLimits(own: string, members: readonly Member[], host: Scene['host']): Refusal[] {
  const [effective = '0'] = statusField(own, 'CapEff');
  if ((BigInt(`0x${effective}`) >> sysResource) & 1n) return [];
  return members
    .filter(({ status, namespaces }) => namespaces['user'] === host['user'] && !isRoot(status))
    .map((member) => {
      const message = `${who(member)} belongs to a user other than root, and CRIU may not read its limits: CAP_SYS_RESOURCE is missing here.`;
      const hint =
        'Give phaul all of the capabilities that root has (in a container: --cap-add SYS_RESOURCE), or move the container with --mode revive.';
      return sourceRefusal('CAPABILITY_MISSING', message, hint);
    });
}

/** Real, effective and saved; file system ids do not count. */
const isRoot = (status: string): boolean =>
  ['Uid', 'Gid'].every((name) =>
    statusField(status, name)
      .slice(0, 3)
      .every((id) => id === '0'),
  );
