import type { Host } from './host.ts';
import { lxcConfig, type LxcContainer } from './lxc-config.ts';

/**
 * LXC 6.0 frees memory twice, and dies, where it restores a container on a host with cgroups of both versions (src/lxc/criu.c, exec_criu: `controllers` of a
 * hierarchy without any is not set). Where the machine has both, the host keeps those of version 1.
 */
export async function oneHierarchy(host: Host): Promise<void> {
  await host.sh('! mountpoint -q /sys/fs/cgroup/unified || umount -l /sys/fs/cgroup/unified');
}

export interface LabContainer extends Omit<LxcContainer, 'rootfs' | 'bridge'> {
  /** How its root file system is kept: in its directory, unless it is said. */
  readonly rootfs?: string;
  readonly bridge?: string;
}

/** Starts a container as lxc-create would have made it, with Redis, Python and busybox in it. */
export async function startLxcContainer(host: Host, container: LabContainer): Promise<void> {
  const { name, rootfs = `dir:/var/lib/lxc/${name}/rootfs`, bridge = 'br0' } = container;
  const directory = `/var/lib/lxc/${name}`;
  await host.sh(
    `mkdir -p ${directory}; [ -e ${directory}/rootfs ] || cp -a /srv/rootfs-redis ${directory}/rootfs`,
  );
  await host.write(`${directory}/config`, lxcConfig({ ...container, rootfs, bridge }));
  await host.sh(`lxc-start -n ${name}`);
}

/** What LXC on a host says of a container: `RUNNING`, `STOPPED`, or nothing. */
export async function lxcState(host: Host, name: string): Promise<string> {
  return (await host.run(['lxc-info', '-n', name, '-s', '-H'], { check: false })).stdout.trim();
}

/** Ends a container and removes all of it, if it is there. */
export async function removeLxcContainer(host: Host, name: string): Promise<void> {
  await host.sh(`
    lxc-stop -k -n ${name} 2>/dev/null || true
    lxc-wait -n ${name} -s STOPPED -t 10 || true
    rm -rf /var/lib/lxc/${name}`);
}
