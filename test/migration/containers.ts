import { createNetwork, ct101 } from '../lab/container.ts';
import type { Host } from '../lab/host.ts';
import { ociConfig } from '../lab/oci-config.ts';

/** The parts of an OCI config.json that tests change. */
export interface Config {
  annotations?: Record<string, string>;
  process: { args: string[]; terminal: boolean };
  mounts: { destination: string; type: string; source: string; options?: string[] }[];
  linux: { resources?: object; namespaces: { type: string; path?: string }[] };
}

interface PlainContainer {
  readonly id: string;
  /** The container's init; its root file system is that of createContainer()'s. */
  readonly args: readonly string[];
  /** The bundle's directory; /srv/ID by default. */
  readonly bundle?: string;
  /** Where its standard output goes; /dev/null by default. */
  readonly stdout?: string;
  readonly edit?: (config: Config) => void;
}

/** Starts a container as `runc spec` describes it (no terminal): a network of its own that leads nowhere, a read-only root. */
export async function plainContainer(host: Host, container: PlainContainer): Promise<void> {
  const { id, args, bundle = `/srv/${id}`, stdout = '/dev/null', edit } = container;
  await host.sh(`mkdir ${bundle}; cp -a /srv/rootfs-redis ${bundle}/rootfs; runc spec --bundle ${bundle}`);
  const config = JSON.parse(await host.read(`${bundle}/config.json`)) as Config;
  config.process.terminal = false;
  config.process.args = [...args];
  edit?.(config);
  await host.write(`${bundle}/config.json`, JSON.stringify(config));
  await run(host, id, bundle, stdout);
}

/**
 * Starts ct101 as createContainer() does, with changes to its configuration.
 * @param subvolumes of its two directories, those that are to be btrfs subvolumes
 */
export async function changedCt101(
  host: Host,
  args: readonly string[],
  edit: (config: Config) => void,
  subvolumes: readonly string[] = [],
): Promise<void> {
  await createNetwork(host, ct101);
  for (const path of subvolumes) await host.sh(`btrfs subvolume create ${path}`);
  await host.sh('mkdir -p /srv/ct101-data /srv/ct101; cp -a /srv/rootfs-redis /srv/ct101/rootfs');
  const config = ociConfig({ id: 'ct101', args, data: '/srv/ct101-data' }) as Config;
  edit(config);
  await host.write('/srv/ct101/config.json', JSON.stringify(config));
  await run(host, 'ct101', '/srv/ct101', '/dev/null');
}

async function run(host: Host, id: string, bundle: string, stdout: string): Promise<void> {
  await host.sh(`
    runc --log /run/${id}.log run -d --bundle ${bundle} ${id} </dev/null >${stdout} 2>&1 || { cat /run/${id}.log >&2; exit 1; }
    rm /run/${id}.log`);
}

/** Removes a container and its bundle, or what is there of them. */
export async function removePlain(host: Host, id: string, bundle = `/srv/${id}`): Promise<void> {
  await host.sh(`runc delete --force ${id}; rm -rf ${bundle}`);
}
