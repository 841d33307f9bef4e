import { readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { isWithin } from '../../src/linux/mounts.ts';

/** A mount as proc_pid_mountinfo(5) tells. */
export interface Mount {
  readonly device: string;
  /** What of its file system is mounted … */
  readonly root: string;
  /** … and where. */
  readonly at: string;
  readonly type: string;
  readonly readOnly: boolean;
}

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
  const [[root, ...inside], outside] = await Promise.all([mountsOf(pid), mountsOf('self')]);
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
    strangers.map(async ({ device, root: part, at, type, readOnly }) => {
      const around = outside.find((mount) => mount.device === device && isWithin(mount.root, part));
      const found = await stat(`/proc/${pid}/root${at}`).catch(() => null);
      const from = around ? join(around.at, relative(around.root, part)) : null;
      return { at, from, readOnly, isDirectory: found?.isDirectory() ?? false, type };
    }),
  );
}

/** One terminal, and not all that there are. */
export const isTerminal = ({ type, root }: Mount): boolean => type === 'devpts' && /^\/\d+$/.test(root);

/** What a process sees mounted, in the order in which it was. */
export async function mountsOf(pid: number | 'self'): Promise<Mount[]> {
  const lines = (await readFile(`/proc/${pid}/mountinfo`, 'utf8')).split('\n').filter(Boolean);
  return lines.map((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const [, , device = '', root = '', at = '', options = ''] = before.split(' ');
    const readOnly = options.split(',').includes('ro');
    return { device, root: plain(root), at: plain(at), type: after.split(' ')[0] ?? '', readOnly };
  });
}

// The kernel writes space, tab, newline and backslash as \ooo.
const plain = (path: string): string =>
  path.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
