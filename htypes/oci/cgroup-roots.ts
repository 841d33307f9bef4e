import { join, relative } from 'node:path';
import type { RestoreSettings } from '../../src/contracts/criu-settings.ts';
import { mountOf, readMounts } from '../../src/linux/mounts.ts';
import type { OciState } from './runtime.ts';

/** Where the restored tasks belong: in the cgroups that the runtime here has made for the container, which has another name there than on the source, maybe. */
export async function cgroupRoots({
  cgroups,
}: OciState): Promise<NonNullable<RestoreSettings['cgroupRoots']>> {
  const mounts = await readMounts();
  return Object.entries(cgroups).flatMap(([controller, directory]) => {
    const hierarchy = mountOf(directory, mounts);
    if (!hierarchy?.type.startsWith('cgroup')) return [];
    return [{ controller, path: join('/', relative(hierarchy.path, directory)) }];
  });
}
