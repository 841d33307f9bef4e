import type { Host } from './host.ts';
import { ociConfig } from './oci-config.ts';

export interface ContainerSpec {
  readonly id: string;
  /** With prefix length. */
  readonly address: string;
  readonly mac: string;
  /** The container's init. */
  readonly args: readonly string[];
  /** What runs it; runc by default. */
  readonly runtime?: Runtime;
  /** The limit of its memory, in bytes. */
  readonly memory?: number;
  /** It is left to systemd, which makes the scope SCOPE-ID for it. */
  readonly scope?: string;
}

export type Runtime = 'runc' | 'crun';

/** The container of most tests; add its `args`. */
export const ct101 = { id: 'ct101', address: '10.77.0.101/24', mac: '02:00:0a:4d:00:65' } as const;

/**
 * Starts a container: bundle /srv/ID, /srv/ID-data mounted at /data, network as createNetwork() makes it.
 * Its root file system has Redis, Python (python3, a minimal one) and busybox.
 */
export async function createContainer(host: Host, spec: ContainerSpec): Promise<void> {
  const { id, args, runtime = 'runc', memory, scope } = spec;
  const data = `/srv/${id}-data`;
  await createNetwork(host, spec);
  await host.sh(`mkdir ${data} /srv/${id}; cp -a /srv/rootfs-redis /srv/${id}/rootfs`);
  await host.write(`/srv/${id}/config.json`, JSON.stringify(ociConfig({ id, args, data, memory, scope })));
  // A descriptor from outside the container would break its dump, so the runtime reports to a log.
  await host.sh(`
    cd /srv/${id}
    ${runtime} ${scope === undefined ? '' : '--systemd-cgroup'} --log /srv/${id}.log run -d ${id} </dev/null >/dev/null 2>&1 || { cat /srv/${id}.log >&2; exit 1; }`);
}

/**
 * Makes the network namespace /run/netns/ID: inside it eth0 with the container's address, outside its other end vID,
 * plugged into the host's bridge. On a migration's target, where the address must not answer too early, `up` is false:
 * then vID stays down.
 */
export async function createNetwork(
  host: Host,
  spec: Pick<ContainerSpec, 'id' | 'address' | 'mac'>,
  { up = true } = {},
): Promise<void> {
  const { id, address, mac } = spec;
  await host.sh(`
    ip netns add ${id}
    ip link add v${id} type veth peer name eth0 address ${mac} netns ${id}
    ip -n ${id} link set lo up
    ip -n ${id} addr add ${address} dev eth0
    ip -n ${id} link set eth0 up
    ip link set v${id} ${up ? 'up' : 'down'} master br0`);
}

/** Removes a container and all that createContainer() made, or what is there of it. */
export async function removeContainer(host: Host, id: string, runtime: Runtime = 'runc'): Promise<void> {
  await host.sh(`
    ${runtime} delete --force ${id}
    if [ -e /sys/class/net/v${id} ]; then ip link del v${id}; fi
    if [ -e /run/netns/${id} ]; then ip netns del ${id}; fi
    rm -rf /srv/${id} /srv/${id}-data /srv/${id}.log`);
}
