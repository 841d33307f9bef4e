import type { Host } from './host.ts';

/**
 * Lets crun run on these hosts. A machine with cgroup v1 and v2 side by side is none that crun takes, unless v2 has no controllers
 * (libcrun/cgroup.c, libcrun_cgroup_enter); so here v1 alone is left.
 */
export async function prepareCrun(...hosts: readonly Host[]): Promise<void> {
  for (const host of hosts)
    await host.sh(
      'if [ -e /sys/fs/cgroup/unified ]; then umount /sys/fs/cgroup/unified; rmdir /sys/fs/cgroup/unified; fi',
    );
}
