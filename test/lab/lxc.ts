import type { Host } from './host.ts';

/**
 * LXC 6.0 frees memory twice, and dies, where it restores a container on a host with cgroups of both versions (src/lxc/criu.c, exec_criu: `controllers` of a
 * hierarchy without any is not set). Where the machine has both, the host keeps those of version 1.
 */
export async function oneHierarchy(host: Host): Promise<void> {
  await host.sh('! mountpoint -q /sys/fs/cgroup/unified || umount -l /sys/fs/cgroup/unified');
}
