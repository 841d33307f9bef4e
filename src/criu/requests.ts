import type { CriuOptions, CriuRequest } from '../../criu-proto/messages.ts';
import type { CommonSettings, DumpSettings, RestoreSettings } from '../contracts/criu-settings.ts';
import { logNames } from './log.ts';
import { firstInheritedFd, pageSocketFd } from './swrk.ts';

/** What the user may choose about CRIU, the same for dump and restore. */
export interface CriuChoices {
  readonly shellJob: boolean;
  /** Established TCP connections: moved with the container, or closed on the target. */
  readonly tcp: 'keep' | 'close';
}

/** Bytes of a deleted but open file that travel in the images. CRIU's default of 1 MiB refuses what databases do daily. */
export const ghostLimit = 256 * 2 ** 20;

/** Name of the directory of an iteration on the source, below the image store. The last dump is an iteration too. */
export const iterationName = (iteration: number): string => String(iteration);

interface DumpRequest {
  readonly directory: string;
  readonly pid: number;
  readonly settings: DumpSettings;
  readonly choices: CriuChoices;
  /** The iteration before this one, if pages that did not change since need not be sent again. */
  readonly parent: number | null;
}

export function preDumpRequest(dump: DumpRequest): CriuRequest {
  return { type: 'PRE_DUMP', opts: { ...dumpOptions(dump), log_file: logNames.preDump, track_mem: true } };
}

export function dumpRequest(dump: DumpRequest): CriuRequest {
  const tracked = dump.parent === null ? {} : { track_mem: true };
  return { type: 'DUMP', opts: { ...dumpOptions(dump), ...tracked, notify_scripts: true } };
}

export function restoreRequest(
  directory: string,
  settings: RestoreSettings,
  choices: CriuChoices & { readonly leaveStopped: boolean; readonly lazy: boolean },
): CriuRequest {
  const inherit_fd = (settings.inherit ?? []).map(({ key }, index) => ({
    key,
    fd: firstInheritedFd + index,
  }));
  const stopped = choices.leaveStopped ? { leave_stopped: true } : {};
  return {
    type: 'RESTORE',
    opts: {
      ...images(directory, logNames.restore),
      ...common(settings, choices),
      inherit_fd,
      ...stopped,
      ...(settings.standIn === undefined ? {} : { rst_sibling: true }),
      ...(choices.lazy ? { lazy_pages: true } : {}),
      notify_scripts: true,
    },
  };
}

/** A task of phaul's own: no files, no network, no cgroup of its own. */
const plain: CriuChoices = { shellJob: false, tcp: 'close' };

export function rehearsedDump(directory: string, pid: number): CriuRequest {
  const opts = { ...images(directory, logNames.dump), ...common({}, plain), network_lock: 'SKIP' } as const;
  return { type: 'DUMP', opts: { ...opts, pid } };
}

export function rehearsedRestore(directory: string): CriuRequest {
  return { type: 'RESTORE', opts: { ...images(directory, logNames.restore), ...common({}, plain) } };
}

function dumpOptions({ directory, pid, settings, choices, parent }: DumpRequest): CriuOptions {
  return {
    ...images(directory, logNames.dump),
    ...common(settings, choices),
    ...parentImage(parent),
    pid,
    // What inotify watches goes by its path: its number is another one on the target.
    force_irmap: true,
    ps: { fd: pageSocketFd },
    // Files in memory that were deleted under one name and have another, as each POSIX semaphore does (surprises/deleted-files.ts).
    link_remap: true,
    // The network device's freeze stage is the lock; CRIU's own would start iptables twice inside the freeze.
    network_lock: 'SKIP',
  };
}

function common(settings: CommonSettings, choices: CriuChoices): CriuOptions {
  return {
    ...(settings.root === undefined ? {} : { root: settings.root }),
    manage_cgroups_mode: settings.manageCgroups === 'soft' ? 'SOFT' : 'IGNORE',
    cg_root: (settings.cgroupRoots ?? []).map(({ controller, path }) => ({ ctrl: controller, path })),
    ext_mnt: (settings.externalMounts ?? []).map(({ key, value }) => ({ key, val: value })),
    external: settings.external ?? [],
    // Which systemd mounts. Empty: what has files in it is refused before (surprises/huge-files.ts).
    enable_fs: ['hugetlbfs'],
    // Closed are those, too, that nobody has accepted yet: otherwise they end the dump (criu/sk-inet.c:175).
    ...(choices.tcp === 'keep' ? { tcp_established: true } : { tcp_close: true, tcp_skip_in_flight: true }),
    shell_job: choices.shellJob,
    // What runc asks for too: file locks, devices that can be reopened by another path, terminals without a master.
    file_locks: true,
    evasive_devices: true,
    orphan_pts_master: true,
    ghost_limit: ghostLimit,
  };
}

function images(directory: string, log_file: string): CriuOptions {
  return { images_dir_fd: -1, images_dir: directory, log_file, log_level: 4 };
}

/** CRIU wants the parent directory relative to the images directory. */
function parentImage(parent: number | null): CriuOptions {
  return parent === null ? {} : { parent_img: `../${iterationName(parent)}` };
}
