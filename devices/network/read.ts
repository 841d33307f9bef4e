import type { DriverContext } from '../../src/contracts/context.ts';
import { readAddresses, readLinks, readRoutes, type ShownLink } from './ip-json.ts';
import { type Address, type Link, type NetworkState, type Route, strangeParts } from './state.ts';
import { readSysctls } from './sysctls.ts';

/** A container's network, and why it cannot be moved; one sentence each. */
export interface Reading {
  readonly state: NetworkState;
  readonly problems: readonly string[];
  /** Bridges by name. */
  readonly bridges: ReadonlyMap<string, ShownLink>;
}

// Appear in every namespace by themselves where the module is loaded.
const automatic = ['ipip', 'sit', 'gre', 'gretap', 'erspan', 'vti', 'vti6', 'ip6tnl', 'ip6gre', 'ip6gretap'];

/**
 * Reads a namespace and what on the host belongs to it.
 * @param there the path that it will have on the target
 */
export async function readNetwork(namespace: string, there: string, ctx: DriverContext): Promise<Reading> {
  const [links, hostLinks, addresses, hostAddresses, routes, hostRoutes] = await Promise.all([
    readLinks(namespace, ctx),
    readLinks(null, ctx),
    readAddresses(namespace, ctx),
    readAddresses(null, ctx),
    readRoutes(namespace, ctx),
    readRoutes(null, ctx),
  ]);
  const problems: string[] = [];
  const mine: Link[] = [];
  for (const link of links) {
    const kind = link.linkinfo?.info_kind;
    if (link.ifname === 'lo' || (automatic.includes(kind ?? '') && !isUp(link))) continue;
    const end = kind === 'veth' ? hostLinks.find((other) => isPair(link, other)) : undefined;
    if (!end) {
      const what =
        kind === 'veth'
          ? 'a veth whose other end is not in the host’s namespace'
          : `of kind ${kind ?? 'physical'}`;
      problems.push(`The container's link ${link.ifname} is ${what}.`);
      continue;
    }
    const host = {
      name: end.ifname,
      mtu: end.mtu,
      bridge: end.master ?? null,
      addresses: (hostAddresses.get(end.ifname) ?? []).filter((address) => !isAutomatic(address)),
      routes: known(hostRoutes.filter((route) => route?.dev === end.ifname)),
      sysctls: end.master === undefined ? await readSysctls(null, [end.ifname], ctx) : {},
    };
    mine.push(described(link, addresses.get(link.ifname) ?? [], host));
  }
  if (routes.includes(null))
    problems.push('The container has routes with several next hops, or of an unusual type.');
  const loopback = links.find(({ ifname }) => ifname === 'lo');
  const state: NetworkState = {
    namespace: there,
    ...(there === namespace ? {} : { nameless: true }),
    links: mine,
    loopback: {
      up: loopback !== undefined && isUp(loopback),
      addresses: (addresses.get('lo') ?? []).filter(isAdded),
    },
    routes: known(routes),
    sysctls: await readSysctls(
      namespace,
      mine.map(({ name }) => name),
      ctx,
    ),
  };
  const bridges = new Map(hostLinks.map((link) => [link.ifname, link]));
  problems.push(...mine.flatMap((link) => bridgeProblems(link, bridges)));
  for (const part of strangeParts(state))
    problems.push(`phaul cannot describe a part of the container's network: ${part}.`);
  return { state, problems, bridges };
}

function described(link: ShownLink, addresses: Address[], host: Link['host']): Link {
  const { ifname: name, ifindex: index, address: mac = '', mtu } = link;
  const generation = (['none', 'random', 'stable_secret'] as const).find(
    (mode) => mode === link.inet6_addr_gen_mode,
  );
  return { name, index, mac, mtu, up: isUp(link), generation: generation ?? 'eui64', addresses, host };
}

function bridgeProblems({ name, host }: Link, links: ReadonlyMap<string, ShownLink>): string[] {
  if (host.bridge === null) return [];
  const bridge = links.get(host.bridge)?.linkinfo;
  if (bridge?.info_kind !== 'bridge')
    return [`The container's link ${name} belongs to ${host.bridge}, which is not a Linux bridge.`];
  if (bridge.info_data?.vlan_filtering)
    return [`The container's link ${name} belongs to ${host.bridge}, which filters VLANs.`];
  return [];
}

// Each end names the other's index; those of other namespaces may have the same ones, but not the other way round too.
const isPair = (link: ShownLink, other: ShownLink): boolean =>
  other.linkinfo?.info_kind === 'veth' &&
  other.ifindex === link.link_index &&
  other.link_index === link.ifindex;

const isUp = ({ flags }: ShownLink): boolean => flags.includes('UP');
const isAutomatic = ({ local, scope }: Address): boolean => scope === 'link' && local.startsWith('fe80:');
const isAdded = ({ local }: Address): boolean => local !== '::1' && local !== '127.0.0.1';
const known = (routes: readonly (Route | null)[]): Route[] => routes.filter((route) => route !== null);
