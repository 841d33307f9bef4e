import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';

const disks = new Set<() => void>();
process.once('exit', () => {
  for (const remove of disks) remove();
});

/** An empty btrfs of a test's own, which goes with the test. @returns where it is mounted */
export function btrfsDisk(t: ExecutionContext, mebibytes = 512): string {
  const { mount, remove } = makeDisk(mebibytes);
  t.teardown(remove);
  return mount;
}

let shared: string | undefined;

/** An empty directory on a btrfs that the tests of one file share: making one for each takes most of their time. */
export function btrfsDirectory(): string {
  shared ??= makeDisk(4096).mount;
  return mkdtempSync(join(shared, 'test-'));
}

/** It goes at the latest when the process ends. */
function makeDisk(mebibytes: number): { mount: string; remove: () => void } {
  const home = mkdtempSync('/tmp/phaul-btrfs-');
  const [image, mount] = [join(home, 'image'), join(home, 'disk')];
  let mounted = false;
  const remove = (): void => {
    disks.delete(remove);
    if (mounted) run('umount', mount);
    rmSync(home, { recursive: true });
  };
  disks.add(remove);
  run('truncate', '-s', `${mebibytes}M`, image);
  run('mkfs.btrfs', '--quiet', '--metadata', 'single', image);
  mkdirSync(mount);
  // Nobody pulls the plug on it: without barriers a snapshot need not wait for the machine's disk.
  run('mount', '-o', 'loop,nobarrier', image, mount);
  mounted = true;
  return { mount, remove };
}

/** Makes an empty subvolume. */
export function makeSubvolume(path: string): void {
  run('btrfs', 'subvolume', 'create', path);
}

function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { stdio: 'pipe' });
}
