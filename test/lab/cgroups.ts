import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** One cgroup hierarchy of the machine: one in all with cgroup v2, one for each controller with v1. */
export interface Hierarchy {
  /** Where the machine has it mounted. */
  readonly mountPoint: string;
  readonly type: 'cgroup' | 'cgroup2';
  /** Options that mount the same hierarchy again. */
  readonly options: string;
}

const ordinaryOptions =
  /^(rw|ro|relatime|noatime|nosuid|nodev|noexec|xattr|seclabel|release_agent=.*|clone_children)$/;
const root = '/sys/fs/cgroup';

/** The hierarchies that the machine has mounted in the usual place. */
export function hierarchies(): Hierarchy[] {
  const found = new Map<string, Hierarchy>();
  for (const line of readFileSync('/proc/self/mounts', 'utf8').split('\n')) {
    const [, mountPoint = '', type, superOptions = ''] = line.split(' ');
    if ((type !== 'cgroup' && type !== 'cgroup2') || !mountPoint.startsWith(root)) continue;
    const controllers = superOptions
      .split(',')
      .filter((option) => !ordinaryOptions.test(option))
      .join(',');
    const options =
      type === 'cgroup2' ? 'rw' : controllers.startsWith('name=') ? `none,${controllers}` : controllers;
    if (!found.has(options)) found.set(options, { mountPoint, type, options });
  }
  if (found.size === 0) throw new Error(`no cgroup hierarchy is mounted at ${root}`);
  return [...found.values()];
}

/**
 * What a host mounts, one word each `type:directory:options`: its own view of every hierarchy. Two hosts that shared
 * paths would also share the cgroup of a container that exists on both during a migration.
 */
export function hostMounts(): string[] {
  return hierarchies().map(({ mountPoint, type, options }) => {
    return `${type}:${mountPoint === root ? '.' : basename(mountPoint)}:${options}`;
  });
}

/**
 * Makes the cgroup of one member (a host or the switch) of a lab in every hierarchy. Everything that belongs to a lab
 * runs in one of these, which makes them the record of what has to be cleared away.
 * @returns their directories
 */
export function makeCgroups(lab: string, member: string): string[] {
  return hierarchies().map(({ mountPoint, options }) => {
    let directory = mountPoint;
    for (const name of [top(lab), member]) {
      if (mountPoint === root) enableControllers(directory);
      const parent = directory;
      directory = join(parent, name);
      mkdirSync(directory, { recursive: true });
      // With v1 a new cpuset is empty and takes no process.
      if (options.split(',').includes('cpuset')) {
        for (const file of ['cpuset.cpus', 'cpuset.mems']) copy(join(parent, file), join(directory, file));
      }
    }
    return directory;
  });
}

/** While the processors are busy, lets a lab have ten times as much of them as another. */
export function favour(lab: string): void {
  for (const { mountPoint, type } of hierarchies()) {
    const [file, tenfold] = type === 'cgroup2' ? ['cpu.weight', 1000] : ['cpu.shares', 10_240];
    const path = join(mountPoint, top(lab), file);
    if (existsSync(path)) writeFileSync(path, String(tenfold));
  }
}

/**
 * Where a command goes that enters a host. With v2 a cgroup that hands controllers on holds no processes itself, so
 * the host's init has made itself a leaf.
 */
export function entryCgroups(lab: string, member: string): string[] {
  return hierarchies().map(({ mountPoint }) =>
    join(mountPoint, top(lab), member, mountPoint === root ? 'init' : ''),
  );
}

/** The processes of a lab, or of one member of it. */
export function processesOf(lab: string, member = ''): number[] {
  const pids = trees(lab, member).flatMap((directory) => {
    return readOrEmpty(join(directory, 'cgroup.procs')).split('\n').filter(Boolean).map(Number);
  });
  return [...new Set(pids)];
}

/**
 * Kills every process of a lab and removes its cgroups.
 * @throws if they are not gone within a minute, with what is left
 */
export async function removeCgroups(lab: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    for (const pid of processesOf(lab)) attempt(() => process.kill(pid, 'SIGKILL'));
    const left = trees(lab)
      .toReversed()
      .filter((directory) => !removed(directory));
    if (left.length === 0) return;
    if (Date.now() > deadline)
      throw new Error(`cannot remove ${left[0]}, processes: ${processesOf(lab).join(' ')}`);
    await sleep(2);
  }
}

function top(lab: string): string {
  return `phaul-lab-${lab}`;
}

/** All cgroups of a lab, parents first. */
function trees(lab: string, member = ''): string[] {
  return hierarchies()
    .map(({ mountPoint }) => join(mountPoint, top(lab), member))
    .filter((directory) => existsSync(directory))
    .flatMap((directory) => [directory, ...descendants(directory)]);
}

function descendants(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return entries
      .map(({ name }) => join(directory, name))
      .flatMap((child) => [child, ...descendants(child)]);
  } catch {
    return []; // It has been removed meanwhile, for example by a runc that was still at work.
  }
}

function enableControllers(directory: string): void {
  for (const controller of readFileSync(join(directory, 'cgroup.controllers'), 'utf8').trim().split(' ')) {
    if (controller) attempt(() => writeFileSync(join(directory, 'cgroup.subtree_control'), `+${controller}`));
  }
}

function copy(from: string, to: string): void {
  writeFileSync(to, readFileSync(from));
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Busy as long as a process is left, even one that is already leaving. */
function removed(directory: string): boolean {
  // With v1 a frozen process dies only when it is thawed.
  const freezer = join(directory, 'freezer.state');
  if (existsSync(freezer)) attempt(() => writeFileSync(freezer, 'THAWED'));
  attempt(() => rmdirSync(directory));
  return !existsSync(directory);
}

function attempt(action: () => void): void {
  try {
    action();
  } catch {
    // The caller looks at the outcome.
  }
}
