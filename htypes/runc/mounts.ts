import { readFile } from 'node:fs/promises';
import { stat } from 'node:fs/promises';
import { maskedDirectories, maskKey } from './masked.ts';
import { bindMounts, type RuncState } from './state.ts';

type ExternalMounts = { key: string; value: string }[];

/**
 * The mounts that CRIU must take as given, in the words of the dump: bind mounts from the host, what runc masks,
 * cgroup v1 hierarchies. Follows runc's own use of CRIU (libcontainer/criu_linux.go, addCriuDumpMount, addMaskPaths).
 */
export async function dumpMounts(state: RuncState): Promise<ExternalMounts> {
  const binds = bindMounts(state).map(({ destination }) => ({ key: destination, value: destination }));
  const cgroups = (await cgroupMounts(state)).map(({ destination }) => ({
    key: destination,
    value: destination,
  }));
  const { init_process_pid: pid, config } = state;
  const directories = await maskedDirectories(pid, config.mask_paths ?? []);
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
  state: RuncState,
  cgroups: readonly CgroupMount[],
  mask: string,
): ExternalMounts {
  return [
    ...bindMounts(state).map(({ source, destination }) => ({ key: destination, value: source })),
    ...cgroups.map(({ controller, destination }) => ({
      key: destination,
      value: state.cgroup_paths[controller] ?? '/nowhere',
    })),
    { key: devNull, value: devNull },
    { key: maskKey, value: mask },
  ];
}

const devNull = '/dev/null';

async function maskedFiles(state: RuncState): Promise<string[]> {
  const paths = state.config.mask_paths ?? [];
  const isFile = (path: string): Promise<boolean> =>
    stat(`/proc/${state.init_process_pid}/root${path}`).then(
      (found) => !found.isDirectory(),
      () => false,
    );
  const files = await Promise.all(paths.map(isFile));
  return paths.filter((_, index) => files[index]);
}

export interface CgroupMount {
  /** The controller by which runc names the hierarchy in cgroup_paths. */
  readonly controller: string;
  /** Where it is mounted in the container. */
  readonly destination: string;
}

/** cgroup v1 hierarchies that runc bind-mounted into the container (with a cgroup namespace, or v2, CRIU mounts them itself). */
export async function cgroupMounts(state: RuncState): Promise<CgroupMount[]> {
  const wanted = state.config.mounts?.some(({ device }) => device === 'cgroup') ?? false;
  const ownNamespace = state.config.namespaces?.some(({ type }) => type === 'NEWCGROUP') ?? false;
  if (!wanted || ownNamespace) return [];
  const mountinfo = await readFile(`/proc/${state.init_process_pid}/mountinfo`, 'utf8');
  return mountinfo.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const [type, , options = ''] = after.split(' ');
    if (type !== 'cgroup') return [];
    const destination = before.split(' ')[4] ?? '';
    const controller = options.split(',').find((option) => option in state.cgroup_paths);
    return controller === undefined ? [] : [{ controller, destination }];
  });
}
