import { type Address, type Link, namespaceName, type NetworkState, type Route } from './state.ts';

const forever = 0xffff_ffff;

/** Makes the pair in the host's namespace, whose end is `pid`'s. No end is up. */
export function pairCommands({ name, index, mac, mtu, host }: Link, pid: number): string[] {
  // The same index: applications and link-local peers refer to it. No address of the kernel's own making: it would not
  // be usable for a second or two.
  const own = `link add dev ${name} index ${index} address ${mac} mtu ${mtu} type veth`;
  return [
    `${own} peer name ${host.name} mtu ${host.mtu} netns ${pid}`,
    `link set dev ${name} addrgenmode none`,
  ];
}

/** Addresses and routes inside the namespace. The links must be up: else IPv6 routes are refused. */
export function insideCommands({ links, loopback, routes }: NetworkState): string[] {
  return [
    ...(loopback.up ? ['link set dev lo up'] : []),
    ...addressCommands('lo', loopback.addresses),
    ...links.filter(({ up }) => up).map(({ name }) => `link set dev ${name} up`),
    ...links.flatMap(({ name, addresses }) => addressCommands(name, addresses)),
    // From here on as it was: for an address that may be wanted later.
    ...links
      .filter(({ generation }) => generation !== 'none')
      .map(({ name, generation }) => `link set dev ${name} addrgenmode ${generation}`),
    ...routeCommands(routes),
  ];
}

/** Lets the host's end take part: in the bridge, or as the way to the container. */
export function openCommands({ host }: Link): string[] {
  if (host.bridge !== null) return [`link set dev ${host.name} master ${host.bridge}`];
  return [...addressCommands(host.name, host.addresses), ...routeCommands(host.routes)];
}

/**
 * Makes the kernel announce each address: with arp_notify and ndisc_notify it does whenever a link's address is set, be it to the same.
 * A request suffices for ARP, because the neighbours' entries stay as they are; it is switches that must learn.
 */
export function announceCommands({ links }: NetworkState): string[] {
  return links.filter(({ up }) => up).map(({ name, mac }) => `link set dev ${name} address ${mac}`);
}

/** Each link's address and routes on the way to the container, as they were before `link set down`. */
export function reopenCommands({ host }: Link): string[] {
  return [
    `link set dev ${host.name} up`,
    ...addressCommands(host.name, host.addresses),
    ...routeCommands(host.routes),
  ];
}

/** `ip` arguments that run in the namespace. */
export const inside = ({ namespace }: NetworkState): string[] => ['-n', namespaceName(namespace)];

function addressCommands(link: string, addresses: readonly Address[]): string[] {
  // The kernel puts a later IPv6 address before an earlier one, a later IPv4 address after it.
  const ordered = [...addresses.filter(isIpv4), ...addresses.filter((address) => !isIpv4(address)).reverse()];
  return ordered.map((address) => {
    const { local, peer, broadcast, label, length, scope, noPrefixRoute, valid, preferred } = address;
    return [
      `address replace ${local}${peer === undefined ? '' : ` peer ${peer}`}/${length}`,
      ...(broadcast === undefined ? [] : [`broadcast ${broadcast}`]),
      // With another link's name, as of a renamed one, it would be refused.
      ...(label?.startsWith(`${link}:`) ? [`label ${label}`] : []),
      `dev ${link} scope ${scope}`,
      ...(valid === forever ? [] : [`valid_lft ${valid} preferred_lft ${preferred}`]),
      // Duplicate address detection would make it wait, and the original still answers.
      ...(isIpv4(address) ? [] : ['nodad']),
      ...(noPrefixRoute ? ['noprefixroute'] : []),
    ].join(' ');
  });
}

const isIpv4 = ({ local }: Address): boolean => !local.includes(':');

// A batch is of no family: the words must tell.
function destination({ to, family }: Route): string {
  if (to !== 'default') return to;
  return family === 4 ? '0.0.0.0/0' : '::/0';
}

function routeCommands(routes: readonly Route[]): string[] {
  // Those without a gateway first: the others need them to reach theirs.
  const ordered = [
    ...routes.filter(({ via }) => via === undefined),
    ...routes.filter(({ via }) => via !== undefined),
  ];
  return ordered.map((route) =>
    [
      `route replace ${route.type} ${destination(route)}`,
      ...(route.via === undefined ? [] : [`via ${route.via}`]),
      ...(route.dev === undefined ? [] : [`dev ${route.dev}`]),
      ...(route.from === undefined ? [] : [`src ${route.from}`]),
      ...(route.scope === undefined || route.family === 6 ? [] : [`scope ${route.scope}`]),
      ...(route.protocol === undefined ? [] : [`proto ${route.protocol}`]),
      ...(route.metric === undefined ? [] : [`metric ${route.metric}`]),
      ...(route.mtu === undefined ? [] : [`mtu ${route.mtu}`]),
      ...(route.onlink ? ['onlink'] : []),
    ].join(' '),
  );
}
