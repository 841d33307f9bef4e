import * as z from 'zod';
import type { DriverContext } from '../../src/contracts/context.ts';
import type { Address, Route } from './state.ts';

const linksSchema = z.array(
  z.object({
    ifname: z.string(),
    ifindex: z.number(),
    link_index: z.number().optional(),
    flags: z.array(z.string()),
    mtu: z.number(),
    address: z.string().optional(),
    master: z.string().optional(),
    inet6_addr_gen_mode: z.string().optional(),
    linkinfo: z
      .object({
        info_kind: z.string().optional(),
        info_data: z
          .object({ vlan_filtering: z.number(), stp_state: z.number(), forward_delay: z.number() })
          .partial()
          .optional(),
      })
      .optional(),
  }),
);

const addressesSchema = z.array(
  z.object({
    ifname: z.string().optional(),
    addr_info: z
      .array(
        z.object({
          local: z.string().optional(),
          address: z.string().optional(),
          broadcast: z.string().optional(),
          label: z.string().optional(),
          prefixlen: z.number(),
          scope: z.string(),
          noprefixroute: z.boolean().optional(),
          valid_life_time: z.number(),
          preferred_life_time: z.number(),
        }),
      )
      .optional(),
  }),
);

const routesSchema = z.array(
  z.object({
    type: z.string().default('unicast'),
    dst: z.string(),
    gateway: z.string().optional(),
    dev: z.string().optional(),
    prefsrc: z.string().optional(),
    scope: z.string().optional(),
    protocol: z.string().optional(),
    metric: z.number().optional(),
    metrics: z.array(z.object({ mtu: z.number().optional() })).optional(),
    flags: z.array(z.string()).default([]),
    nexthops: z.unknown().optional(),
    via: z.unknown().optional(),
  }),
);

const neighboursSchema = z.array(
  z.object({ dst: z.string(), dev: z.string(), lladdr: z.string().optional() }),
);
type ShownNeighbour = z.infer<typeof neighboursSchema>[number];

/** A link as `ip -details -json link` shows it. */
export type ShownLink = z.infer<typeof linksSchema>[number];

/** Of what namespace something is read: null is the host's own, else its path. */
type Where = string | null;

/** All links of a namespace. */
export async function readLinks(where: Where, ctx: DriverContext): Promise<ShownLink[]> {
  return linksSchema.parse(await json(where, ['-details', 'link'], ctx));
}

/** The addresses of each link, by its name. */
export async function readAddresses(where: Where, ctx: DriverContext): Promise<Map<string, Address[]>> {
  const links = addressesSchema.parse(await json(where, ['address'], ctx));
  return new Map(links.map(({ ifname, addr_info }) => [ifname ?? '', (addr_info ?? []).flatMap(addressOf)]));
}

type ShownAddress = NonNullable<z.infer<typeof addressesSchema>[number]['addr_info']>[number];

function addressOf(shown: ShownAddress): Address[] {
  const { local, address, broadcast, label, prefixlen: length, scope } = shown;
  if (local === undefined) return [];
  return [
    {
      local,
      ...(address === undefined ? {} : { peer: address }),
      ...(broadcast === undefined ? {} : { broadcast }),
      ...(label === undefined ? {} : { label }),
      length,
      scope,
      noPrefixRoute: shown.noprefixroute ?? false,
      valid: shown.valid_life_time,
      preferred: shown.preferred_life_time,
    },
  ];
}

/** The main table's routes that the kernel does not make by itself; null in the place of one that cannot be described. */
export async function readRoutes(where: Where, ctx: DriverContext): Promise<(Route | null)[]> {
  const families = await Promise.all(
    ([4, 6] as const).map(async (family) => {
      const shown = await json(where, ['-details', `-${family}`, 'route', 'show', 'table', 'main'], ctx);
      return routesSchema
        .parse(shown)
        .flatMap((route) => (route.protocol === 'kernel' ? [] : [routeOf(route, family)]));
    }),
  );
  return families.flat();
}

const types = ['unicast', 'blackhole', 'unreachable', 'prohibit', 'throw'] as const;

function routeOf(shown: z.infer<typeof routesSchema>[number], family: 4 | 6): Route | null {
  const type = types.find((one) => one === shown.type);
  if (!type || shown.nexthops !== undefined || shown.via !== undefined) return null;
  const { gateway, dev, prefsrc, scope, protocol, metric, metrics, flags } = shown;
  const mtu = metrics?.find((one) => one.mtu !== undefined)?.mtu;
  return {
    type,
    to: shown.dst,
    family,
    ...(gateway === undefined ? {} : { via: gateway }),
    ...(dev === undefined ? {} : { dev }),
    ...(prefsrc === undefined ? {} : { from: prefsrc }),
    ...(scope === undefined ? {} : { scope }),
    ...(protocol === undefined ? {} : { protocol }),
    ...(metric === undefined ? {} : { metric }),
    ...(mtu === undefined ? {} : { mtu }),
    onlink: flags.includes('onlink'),
  };
}

/** The names of the host's network namespaces. */
export async function readNamespaces(ctx: DriverContext): Promise<string[]> {
  return (await ctx.run('ip', ['netns', 'list'])).split('\n').map((line) => line.split(' ')[0] ?? '');
}

/** The neighbours that a namespace knows, as far as they have an address of the link's kind. */
export async function readNeighbours(where: Where, ctx: DriverContext): Promise<ShownNeighbour[]> {
  return neighboursSchema.parse(await json(where, ['neighbour', 'show'], ctx));
}

async function json(where: Where, args: readonly string[], ctx: DriverContext): Promise<unknown> {
  const text = await runIn(where, 'ip', ['-json', ...args], ctx);
  return text.trim() === '' ? [] : JSON.parse(text);
}

/** Runs a program in a network namespace; not by `ip -n`, which knows only those that have a name. */
export function runIn(
  where: Where,
  program: string,
  args: readonly string[],
  ctx: DriverContext,
): Promise<string> {
  return where === null
    ? ctx.run(program, args)
    : ctx.run('nsenter', [`--net=${where}`, '--', program, ...args]);
}
