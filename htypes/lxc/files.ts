import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Tree } from '../../src/contracts/context.ts';
import { isWithin } from '../../src/linux/mounts.ts';
import type { Item } from './config.ts';
import type { HostMount } from './mounts.ts';
import { moved, type Place } from './place.ts';

/**
 * What has to be on the target: the root file system, directories of the host's that are mounted writable, and what else the configuration names in the
 * container's own directory. All else that it names is the host's, and must be there already. (The configuration itself travels otherwise.)
 */
export async function filesOf(
  items: readonly Item[],
  mounts: readonly HostMount[],
  rootfs: string | null,
  place: Place,
  there: Place,
): Promise<{ trees: Tree[]; needs: string[] }> {
  const named = items
    .filter(({ key }) => key !== 'lxc.rootfs.path' && key !== 'lxc.mount.entry')
    .flatMap(({ value }) => value.split(/[\s:,=]/))
    .filter((word) => word.startsWith('/') && existsSync(word));
  const mounted = mounts.filter(({ from, type }) => from !== null && !kernels.has(type));
  const writable = mounted.filter(({ isDirectory, readOnly }) => isDirectory && !readOnly);
  const own = named.filter((path) => path !== place.directory && isWithin(place.directory, path));
  const moving = [...(rootfs === null ? [] : [rootfs]), ...writable.map(({ from }) => from ?? '/'), ...own];
  const devices = await Promise.all(
    moving.map((path) =>
      stat(path).then(
        ({ dev }) => dev,
        () => null,
      ),
    ),
  );
  // What lies on another file system than the tree around it, a btrfs subvolume for instance, may want another driver.
  const trees = moving.filter(
    (path, index) =>
      !moving.some(
        (other, at) =>
          isWithin(other, path) && (other === path ? at < index : devices[at] === devices[index]),
      ),
  );
  const travels = (path: string): boolean => trees.some((tree) => isWithin(tree, path));
  const hosts = [...named, ...mounted.map(({ from }) => from ?? '/')].filter((path) => !own.includes(path));
  return {
    trees: trees.map((path) => ({ source: path, target: moved(path, place.directory, there.directory) })),
    needs: [...new Set(hosts)].filter((path) => !travels(path)),
  };
}

// The kernel's own: they are where they are on any host.
const kernels = new Set([
  'sysfs',
  'proc',
  'cgroup',
  'cgroup2',
  'devpts',
  'devtmpfs',
  'fusectl',
  'securityfs',
  'debugfs',
  'tracefs',
]);
