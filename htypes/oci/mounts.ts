import { readFile } from 'node:fs/promises';
import { stat } from 'node:fs/promises';
import { maskedDirectories, maskKey } from './masked.ts';
import type { OciState } from './runtime.ts';

type ExternalMounts = { key: string; value: string }[];

/**
 * The mounts that CRIU must take as given, in the words of the dump: bind mounts from the host, what the runtime masks, cgroup v1
 * hierarchies. Follows runc's own use of CRIU (libcontainer/criu_linux.go, addCriuDumpMount, addMaskPaths).
 */
export async function dumpMounts(state: OciState): Promise<ExternalMounts> {
  const binds = state.binds.map(({ destination }) => ({ key: destination, value: destination }));
  const cgroups = (await cgroupMounts(state)).map(({ destination }) => ({
    key: destination,
    value: destination,
  }));
  const directories = await maskedDirectories(state.pid, state.maskedPaths);
  return [
    ...binds,
    ...cgroups,
    ...(await maskedFiles(state)).map((path) => ({ key: path, value: devNull })),
    ...directories.map((path) => ({ key: path, value: maskKey })),
  ];
}

/**
 * The same in the words of the restore.
 * @param cgroups as found on the source; their place is taken by `state`'s of this host
 * @param mask what hides the masked directories here
 */
export function restoreMounts(
  state: OciState,
  cgroups: readonly CgroupMount[],
  mask: string,
): ExternalMounts {
  return [
    ...state.binds.map(({ source, destination }) => ({ key: destination, value: source })),
    ...cgroups.map(({ controller, destination }) => ({
      key: destination,
      value: state.cgroups[controller] ?? '/nowhere',
    })),
    { key: devNull, value: devNull },
    { key: maskKey, value: mask },
  ];
}

const devNull = '/dev/null';

async function maskedFiles(state: OciState): Promise<string[]> {
  const paths = state.maskedPaths;
  const isFile = (path: string): Promise<boolean> =>
    stat(`/proc/${state.pid}/root${path}`).then(
      (found) => !found.isDirectory(),
      () => false,
    );
  const files = await Promise.all(paths.map(isFile));
  return paths.filter((_, index) => files[index]);
}

export interface CgroupMount {
  /** The controller by which a state names the hierarchy. */
  readonly controller: string;
  /** Where it is mounted in the container. */
  readonly destination: string;
}

/** cgroup v1 hierarchies that the runtime bind-mounted into the container (with a cgroup namespace, or v2, CRIU mounts them itself). */
export async function cgroupMounts(state: OciState): Promise<CgroupMount[]> {
  if (!state.showsCgroups) return [];
  const mountinfo = await readFile(`/proc/${state.pid}/mountinfo`, 'utf8');
  return mountinfo.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const [type, , options = ''] = after.split(' ');
    if (type !== 'cgroup') return [];
    const destination = before.split(' ')[4] ?? '';
    const controller = options.split(',').find((option) => option in state.cgroups);
    return controller === undefined ? [] : [{ controller, destination }];
  });
}
