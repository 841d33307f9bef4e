import { readFile } from 'node:fs/promises';

/** One mount of this host, as proc_pid_mountinfo(5) tells. */
export interface Mount {
  /** What /proc/PID/fdinfo/N calls it. */
  readonly id: number;
  readonly path: string;
  /** Its file system, as `major:minor`, and what of that is mounted. */
  readonly device: string;
  readonly root: string;
  /** `ext4`, `nfs4`, `fuse.sshfs`, … */
  readonly type: string;
  /** Of the mount and of its file system: `ro`, `nosuid`, `size=64k`, … */
  readonly options: readonly string[];
  /** The group of mounts that all get what is mounted below one of them, and a group that this one gets it from without giving any back (mount_namespaces(7)). */
  readonly shared?: number;
  readonly master?: number;
}

/** All mounts that a process sees, in the order in which they were made: a later one hides an earlier one at the same place. */
export async function readMounts(pid: number | 'self' = 'self'): Promise<Mount[]> {
  const lines = (await readFile(`/proc/${pid}/mountinfo`, 'utf8')).split('\n').filter(Boolean);
  return lines.map((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const [id, , device = '', root = '', path = '', own = '', ...groups] = before.split(' ');
    const group = (kind: string): number | undefined => {
      const found = groups.find((each) => each.startsWith(`${kind}:`));
      return found === undefined ? undefined : Number(found.slice(kind.length + 1));
    };
    const [peers, upper] = [group('shared'), group('master')];
    const [type = '', , ofAll = ''] = after.split(' ');
    return {
      id: Number(id),
      path: unescaped(path),
      device,
      root: unescaped(root),
      type,
      options: [own, ofAll].join(',').split(','),
      ...(peers === undefined ? {} : { shared: peers }),
      ...(upper === undefined ? {} : { master: upper }),
    };
  });
}

/** The mount that a path is on. @param path absolute, without symbolic links */
export function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  const around = mounts.filter((mount) => isWithin(mount.path, path));
  const longest = Math.max(...around.map((mount) => mount.path.length));
  return around.findLast((mount) => mount.path.length === longest);
}

/** Whether `inner` is `outer` or below it. */
export function isWithin(outer: string, inner: string): boolean {
  return inner === outer || inner.startsWith(outer.endsWith('/') ? outer : `${outer}/`);
}

// The kernel writes space, tab, newline and backslash as \ooo.
function unescaped(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}
