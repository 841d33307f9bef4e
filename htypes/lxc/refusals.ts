import type { Mode } from '../../src/acts.ts';
import type { DriverContext } from '../../src/contracts/context.ts';
import type { Refusal } from '../../src/errors.ts';
import { sameNamespace } from '../../src/linux/processes.ts';
import { isMovable, type Item, type Rootfs, valueOf } from './config.ts';
import type { HostMount } from './mounts.ts';

interface Seen {
  readonly name: string;
  readonly pid: number;
  readonly items: readonly Item[];
  readonly mounts: readonly HostMount[];
  readonly rootfs: Rootfs | null;
  readonly mode: Mode;
}

/** Why a container of LXC's cannot leave, as far as only LXC has such things. */
export async function sourceRefusals(seen: Seen, ctx: DriverContext): Promise<Refusal[]> {
  const { mode, items, name } = seen;
  const both = [...rootfsRefusals(seen), ...ephemeral(seen)];
  if (mode === 'revive') return both;
  const skipped = items.filter(({ key }) =>
    /^lxc\.(hook\.(pre-start|pre-mount|mount|autodev|start-host|start)|net\.\d+\.script\.up)$/.test(key),
  );
  if (skipped.length > 0)
    ctx.warn(
      `What ${name} runs when it is started is not run on the target: ${skipped.map(({ key }) => key).join(', ')}.`,
    );
  return [
    ...both,
    ...(await userNamespace(seen)),
    ...(await hostNetwork(seen)),
    ...sharedNamespaces(seen),
    ...terminals(seen),
    ...nowhere(seen),
  ];
}

const onSource = (code: Refusal['code'], message: string, hint: string): Refusal[] => [
  { code, message, hint, host: 'source' },
];
const reviveInstead = 'or move it with --mode revive.';

function rootfsRefusals({ name, rootfs }: Seen): Refusal[] {
  if (rootfs === null)
    return onSource(
      'ROOTFS_UNSUPPORTED',
      `${name} has no root file system of its own.`,
      'Give it one (lxc.rootfs.path).',
    );
  if (isMovable(rootfs)) return [];
  return onSource(
    'ROOTFS_UNSUPPORTED',
    `The root file system of ${name} is kept as ${rootfs.backing}, which phaul does not move.`,
    'Copy it to a container with a directory or a btrfs subvolume: lxc-copy -B dir.',
  );
}

/** LXC destroys it, files and all, when its processes end on this host. */
function ephemeral({ name, items }: Seen): Refusal[] {
  if (valueOf(items, 'lxc.ephemeral') !== '1') return [];
  return onSource(
    'CONTAINER_UNSUPPORTED',
    `${name} is ephemeral: LXC would destroy its files as soon as it stands still here.`,
    'Set lxc.ephemeral = 0 and start it anew.',
  );
}

async function userNamespace({ name, pid }: Seen): Promise<Refusal[]> {
  if (await sameNamespace('user', pid, 'self')) return [];
  return onSource(
    'USER_NAMESPACE',
    `${name} is unprivileged (lxc.idmap): LXC cannot restore a container with a user namespace.`,
    `Make it privileged, ${reviveInstead}`,
  );
}

async function hostNetwork({ name, pid }: Seen): Promise<Refusal[]> {
  if (!(await sameNamespace('net', pid, 'self'))) return [];
  return onSource(
    'HOST_NETWORK',
    `${name} uses the host's own network (lxc.net.0.type = none).`,
    `Give it a network of its own, ${reviveInstead}`,
  );
}

function sharedNamespaces({ name, items }: Seen): Refusal[] {
  const shared = items.filter(({ key }) => /^lxc\.namespace\.(share|keep|clone)/.test(key));
  if (shared.length === 0) return [];
  return onSource(
    'CONTAINER_UNSUPPORTED',
    `${name} shares namespaces with others (${shared.map(({ key }) => key).join(', ')}).`,
    `Start it without these, ${reviveInstead}`,
  );
}

function terminals({ name, mounts }: Seen): Refusal[] {
  const hosts = mounts.filter(({ type }) => type === 'devpts');
  if (hosts.length === 0) return [];
  return onSource(
    'TERMINAL_OUTSIDE',
    `${name} has all terminals of the host's mounted: ${hosts.map(({ at }) => at).join(', ')}.`,
    `Start it without that mount, ${reviveInstead}`,
  );
}

function nowhere({ name, mounts }: Seen): Refusal[] {
  const lost = mounts.filter(({ from }) => from === null);
  if (lost.length === 0) return [];
  return onSource(
    'CONTAINER_UNSUPPORTED',
    `${name} has mounts of the host's that have no place there any more: ${lost.map(({ at }) => at).join(', ')}.`,
    `Start it without these, ${reviveInstead}`,
  );
}
