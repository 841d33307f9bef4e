import type { Host } from './host.ts';
import { lxcConfig, type LxcContainer } from './lxc-config.ts';

export interface LabContainer extends Omit<LxcContainer, 'rootfs' | 'bridge'> {
  /** How its root file system is kept: in its directory, unless it is said. */
  readonly rootfs?: string;
  readonly bridge?: string | null;
}

/** Starts a container as lxc-create would have made it, with Redis, Python and busybox in it. */
export async function startLxcContainer(host: Host, container: LabContainer): Promise<void> {
  const { name, rootfs = `dir:/var/lib/lxc/${name}/rootfs`, bridge = 'br0' } = container;
  const directory = `/var/lib/lxc/${name}`;
  await host.sh(
    `mkdir -p ${directory}; [ -e ${directory}/rootfs ] || cp -a /srv/rootfs-redis ${directory}/rootfs`,
  );
  await host.write(`${directory}/config`, lxcConfig({ ...container, rootfs, bridge }));
  await host.sh(`
    lxc-start -n ${name} -l ERROR -o /run/lxc-start.log || { cat /run/lxc-start.log >&2; exit 1; }
    rm -f /run/lxc-start.log`);
}

/** What LXC on a host says of a container: `RUNNING`, `STOPPED`, or nothing. */
export async function lxcState(host: Host, name: string): Promise<string> {
  return (await host.run(['lxc-info', '-n', name, '-s', '-H'], { check: false })).stdout.trim();
}

/** Ends a container, if it runs, and its monitor: that is there for a moment after LXC says STOPPED. */
export async function stopLxcContainer(host: Host, name: string, options = '-k'): Promise<void> {
  await host.sh(`
    init=$(lxc-info -n ${name} -pH 2>/dev/null) || exit 0
    [ "$init" ] || exit 0
    # It may just be ending by itself.
    monitor=$(sed -n 's/^PPid:\\s*//p' /proc/$init/status) || exit 0
    lxc-stop ${options} -n ${name} || true
    timeout 60 tail --pid=$monitor -f /dev/null`);
}

/** Ends a container and removes all of it, if it is there. */
export async function removeLxcContainer(host: Host, name: string): Promise<void> {
  await stopLxcContainer(host, name);
  await host.sh(`rm -rf /var/lib/lxc/${name}`);
}
