import * as z from 'zod';
import type { DriverContext } from '../../src/contracts/context.ts';
import type { Refusal } from '../../src/errors.ts';
import type { Inspected } from './inspect.ts';

const schema = z.array(
  z.looseObject({
    name: z.string(),
    driver: z.string(),
    options: z.record(z.string(), z.string()).nullish(),
  }),
);

/** A network of podman's. */
export type PodmanNetwork = z.infer<typeof schema>[number];

/** podman's own networks in which the container is. */
export async function networksOf(found: Inspected, ctx: DriverContext): Promise<PodmanNetwork[]> {
  if (found.HostConfig.NetworkMode !== 'bridge') return [];
  const names = Object.keys(found.NetworkSettings.Networks ?? {});
  if (names.length === 0) return [];
  return schema.parse(JSON.parse(await ctx.run('podman', ['network', 'inspect', ...names])));
}

/** In live mode podman makes the network on the target while the container still runs here: its address must not be heard outside of that host. */
export function networkRefusals(networks: readonly PodmanNetwork[]): Refusal[] {
  return networks
    .filter(({ driver, options }) => driver !== 'bridge' || options?.['mode'] === 'unmanaged')
    .map(({ name, driver }) => ({
      code: 'NETWORK_UNSUPPORTED',
      message: `The network ${name} (${driver}) of podman's reaches both hosts, and the container's address would be there twice.`,
      hint: 'Give the container a network namespace with a name (podman run --network ns:/run/netns/NAME), which phaul moves; or move it with --mode revive.',
      host: 'source',
    }));
}
