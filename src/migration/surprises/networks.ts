import { readFile } from 'node:fs/promises';
import type { Refusal } from '../../errors.ts';
import {
  type Endpoint,
  type InetSocket,
  inetSockets,
  isLoopback,
  isWildcard,
} from '../../linux/inet-sockets.ts';
import { sourceRefusal } from '../migration.ts';
import { type Member, who } from './member.ts';
import type { Scene } from './scene.ts';

/** A socket and a process that has it. */
export interface HeldSocket extends InetSocket {
  readonly member: Member;
}

/** The IP sockets of a container that lives in the host's own network; none if it has another. */
export async function hostSockets({ members, host }: Scene): Promise<HeldSocket[]> {
  const [root] = members;
  if (!root || root.namespaces['net'] !== host['net']) return [];
  const holders = new Map<number, Member>();
  for (const member of members)
    for (const { kind, inode } of member.descriptors) if (kind === 'socket') holders.set(inode, member);
  return (await inetSockets(root.pid)).flatMap((socket) => {
    const member = holders.get(socket.inode);
    return member ? [{ ...socket, member }] : [];
  });
}

/** The host's addresses stay where they are: what is connected through one of them, or waits at one, cannot be moved. */
export function hostNetwork(sockets: readonly HeldSocket[], { options }: Scene): Refusal[] {
  const hint = 'Give the container a network namespace of its own.';
  const ends = new Set(sockets.map(({ local }) => at(local)));
  return sockets.flatMap(({ member, protocol, local, remote, connected }) => {
    const tcp = protocol === 'tcp';
    const closed = tcp && connected && !options.tcp;
    if (connected && tcp && !closed && !ends.has(at(remote))) {
      const message = `${who(member)} has a connection to ${at(remote)} through the host's own network, whose addresses stay here.`;
      return [
        sourceRefusal(
          'HOST_NETWORK',
          message,
          `${hint} Or let connections be closed on the target (--no-tcp).`,
        ),
      ];
    }
    if (closed || isWildcard(local) || isLoopback(local)) return [];
    const message = `${who(member)} has a socket at ${at(local)} (${protocol}), an address of this host's, which stays here.`;
    return [sourceRefusal('HOST_NETWORK', message, hint)];
  });
}

/** A port of the host's own network at which the container waits. */
export interface HostPort extends Endpoint {
  readonly protocol: InetSocket['protocol'];
}

/** What must be free on the target, each once: forked processes share their sockets. */
export function hostPorts(sockets: readonly HeldSocket[]): HostPort[] {
  const ports = sockets
    .filter(({ listens }) => listens)
    .map(({ protocol, local }) => ({ protocol, ...local }));
  const key = (port: HostPort): string => `${port.protocol} ${at(port)}`;
  return [...new Map(ports.map((port) => [key(port), port])).values()];
}

function at({ address, port }: Endpoint): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

// Appear in every namespace by themselves where their module is loaded.
const automatic = /^(lo|tunl0|sit0|gre0|gretap0|erspan0|ip_vti0|ip6_vti0|ip6tnl0|ip6gre0|ip6gretap0)$/;

/** A network namespace that only its processes keep: nobody could prepare it on the target. CRIU moves it alone if there is nothing in it. */
export async function namelessNetwork({ members: [root], host, container }: Scene): Promise<Refusal[]> {
  if (!root || root.namespaces['net'] === host['net'] || container.network) return [];
  // The htype has told CRIU what becomes of it.
  if (container.live?.dump?.external?.some((text) => /^(net|veth|macvlan|dev)\[/.test(text))) return [];
  const text = await readFile(`/proc/${root.pid}/net/dev`, 'utf8').catch(() => '');
  const links = [...text.matchAll(/^\s*([^\s:|]+):/gm)].map(([, name = '']) => name);
  const strange = links.filter((name) => !automatic.test(name));
  if (strange.length === 0) return [];
  const message = `The container's network namespace has no name, so phaul cannot move what is in it (${strange.join(', ')}).`;
  const hint = 'Start the container in a network namespace with a name (ip netns add).';
  return [sourceRefusal('NETWORK_UNSUPPORTED', message, hint)];
}
