import { stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { isWithin, type Mount, readMounts } from '../../src/linux/mounts.ts';
import { isTerminal } from '../common/terminals.ts';

/** A mount of a container's that comes from the host. */
export interface HostMount {
  /** Its place in the container. */
  readonly at: string;
  /** What is mounted there, as a path on the host; null: there is none. */
  readonly from: string | null;
  readonly readOnly: boolean;
  readonly isDirectory: boolean;
  readonly type: string;
}

// One for all of the host, or for the namespace, and CRIU mounts it itself.
const own = ['proc', 'sysfs', 'mqueue', 'cgroup', 'cgroup2'];

/** The mounts that a container shares with the host, beside its root and its terminals: those of file systems that the host has mounted, too, and that the container has no more of. */
export async function hostMounts(pid: number): Promise<HostMount[]> {
  const [[root, ...inside], outside] = await Promise.all([readMounts(pid), readMounts()]);
  if (!root) return [];
  const isHosts = (mount: Mount): boolean => outside.some(({ device }) => device === mount.device);
  const fromRoot = ({ device, root: part }: Mount): boolean =>
    device === root.device && isWithin(root.root, part);
  const strangers = inside.filter(
    (mount) =>
      isHosts(mount) &&
      !fromRoot(mount) &&
      !isTerminal(mount) &&
      !(own.includes(mount.type) && mount.root === '/'),
  );
  return Promise.all(
    strangers.map(async ({ device, root: part, path: at, type, options }) => {
      const around = outside.find((mount) => mount.device === device && isWithin(mount.root, part));
      const found = await stat(`/proc/${pid}/root${at}`).catch(() => null);
      const from = around ? join(around.path, relative(around.root, part)) : null;
      return { at, from, readOnly: options.includes('ro'), isDirectory: found?.isDirectory() ?? false, type };
    }),
  );
}
