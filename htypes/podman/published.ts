import * as z from 'zod';
import type { Refusal } from '../../src/errors.ts';
import { type Port, portHolders } from '../../src/linux/port-holders.ts';
import type { PodmanMeta } from './meta.ts';

// libpod/container_config.go, PortMappings; an address that is not said is any. Who publishes more than this finds out when podman starts.
const mappings = z.object({
  newPortMappings: z
    .array(
      z.object({
        host_ip: z.string().default(''),
        host_port: z.int().min(1).max(65535),
        container_port: z.int(),
        range: z.int().min(1).max(1024).default(1),
        protocol: z.string(),
      }),
    )
    .max(64)
    .nullish(),
});

interface Published extends Port {
  readonly inside: number;
}

/**
 * Ports of this host's that podman is to publish for the container, and that somebody has already: podman binds each of them when it starts the container, and fails
 * (libpod/oci_util.go, bindPorts). Changes nothing.
 */
export async function publishedTaken({ config, networks }: PodmanMeta): Promise<Refusal[]> {
  const parsed = mappings.safeParse(config);
  // It publishes none for a container without a network of its own.
  if (!parsed.success || networks.length === 0) return [];
  const wanted = (parsed.data.newPortMappings ?? []).flatMap((mapping): Published[] => {
    const { host_ip, host_port, container_port, range, protocol } = mapping;
    if (protocol !== 'tcp' && protocol !== 'udp') return [];
    return Array.from({ length: range }, (_, index) => ({
      protocol,
      address: host_ip || '0.0.0.0',
      port: host_port + index,
      inside: container_port + index,
    }));
  });
  return (await portHolders(wanted)).map(({ port: { port, protocol, inside }, who }) => ({
    code: 'PORT_TAKEN',
    message: `podman publishes port ${inside} of the container at port ${port} (${protocol}) of its host, which ${who} has on the target.`,
    hint: 'Stop that there, or let the container be published at another port.',
    host: 'target',
  }));
}
