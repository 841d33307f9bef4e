import { readFile } from 'node:fs/promises';
import type { Refusal } from '../../errors.ts';
import { namespaceOwner } from '../../linux/namespace-owner.ts';
import { sourceRefusal } from '../migration.ts';
import { who } from './member.ts';
import type { Scene } from './scene.ts';

// Of mounts and networks a container may have more than one (criu/namespaces.c, generate_ns_id).
const single = ['pid', 'user', 'uts', 'ipc', 'cgroup', 'time'];

/** A container in the container, or a sandbox: namespaces below the container's own. */
export function nestedNamespaces({ members: [root, ...others], host }: Scene): Refusal[] {
  if (!root) return [];
  return others.flatMap((member) => {
    const own = single.filter((kind) => {
      const its = member.namespaces[kind];
      return its !== undefined && its !== root.namespaces[kind] && its !== host[kind];
    });
    if (own.length === 0) return [];
    const message = `${who(member)} is in a container inside of the container (namespaces of its own: ${own.join(', ')}), which CRIU cannot move.`;
    const hint =
      "Stop the inner container first. A sandbox can often be switched off (those of systemd's services: docs/lxc.md); --mode revive moves the container all the same.";
    return [sourceRefusal('NESTED_CONTAINER', message, hint)];
  });
}

// What CRIU enters from the container's user namespace to see whether it may (criu/namespaces.c, check_user_ns).
const entered = ['net', 'uts', 'time', 'ipc', 'mnt'];

/** A container with a user namespace whose other namespaces were made by somebody else: CRIU refuses it. */
export function foreignNamespaces({ members: [root], host }: Scene): Refusal[] {
  const user = root?.namespaces['user'];
  if (!root || user === undefined || user === host['user']) return [];
  const foreign = entered.filter((kind) => {
    const its = root.namespaces[kind];
    if (its === undefined || its === host[kind]) return false;
    const owner = namespaceOwner(root.pid, kind);
    return owner !== null && owner !== user;
  });
  if (foreign.length === 0) return [];
  const message = `The container has a user namespace, but these of its namespaces do not belong to it: ${foreign.join(', ')}. CRIU refuses that.`;
  const hint =
    'Let the runtime make them together with the user namespace, or move the container with --mode revive.';
  return [sourceRefusal('USER_NAMESPACE', message, hint)];
}

/** Memory that is shared with whoever knows its number, in the host's own IPC namespace (criu/cr-dump.c, check_sysvipc_map_dump). */
export async function sharedIpc({ members, host }: Scene): Promise<Refusal[]> {
  if (members[0]?.namespaces['ipc'] !== host['ipc']) return [];
  const found = await Promise.all(
    members.map(async (member) => {
      const maps = await readFile(`/proc/${member.pid}/maps`, 'utf8').catch(() => '');
      if (!/ \/SYSV[0-9a-f]{8}/.test(maps)) return [];
      const message = `${who(member)} uses System V shared memory in the host's own IPC namespace, which CRIU cannot move.`;
      return [sourceRefusal('IPC_SHARED', message, 'Give the container an IPC namespace of its own.')];
    }),
  );
  return found.flat();
}
