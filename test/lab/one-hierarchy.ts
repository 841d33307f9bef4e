import type { Host } from './host.ts';

/**
 * Where the machine has cgroups of both versions, the host keeps those of version 1. LXC 6.0 frees memory twice, and dies, where it restores a container
 * beside both (src/lxc/criu.c, exec_criu: `controllers` of a hierarchy without any is not set). crun runs none there if version 2 has a controller
 * (src/libcrun/cgroup.c, libcrun_cgroup_enter).
 */
export async function oneHierarchy(host: Host): Promise<void> {
  // Where the directory stays crun makes cgroups in it that are none.
  await host.sh('cd /sys/fs/cgroup; if mountpoint -q unified; then umount -l unified; rmdir unified; fi');
}
