import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';

const disks = new Set<() => void>();
process.once('exit', () => {
  for (const remove of disks) remove();
});

/** An empty btrfs of a test's own, which goes with the test; also where it is ended early. @returns where it is mounted */
export function btrfsDisk(t: ExecutionContext, mebibytes = 512): string {
  const home = mkdtempSync('/tmp/phaul-btrfs-');
  const [image, mount] = [join(home, 'image'), join(home, 'disk')];
  let mounted = false;
  const remove = (): void => {
    disks.delete(remove);
    if (mounted) run('umount', mount);
    rmSync(home, { recursive: true });
  };
  disks.add(remove);
  t.teardown(remove);
  run('truncate', '-s', `${mebibytes}M`, image);
  run('mkfs.btrfs', '--quiet', '--metadata', 'single', image);
  mkdirSync(mount);
  run('mount', '-o', 'loop', image, mount);
  mounted = true;
  return mount;
}

/** Makes an empty subvolume. */
export function makeSubvolume(path: string): void {
  run('btrfs', 'subvolume', 'create', path);
}

function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { stdio: 'pipe' });
}
