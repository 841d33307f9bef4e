import type { Refusal } from '../../errors.ts';
import { type Holder, holdersOf } from '../../linux/holders.ts';
import { type Peering, unixPeers } from '../../linux/unix-peers.ts';
import { sourceRefusal } from '../migration.ts';
import { type Member, who } from './member.ts';
import type { Scene } from './scene.ts';

/** Pipes and Unix sockets whose other end somebody outside of the container has: on another host there is nobody. */
export async function outsideEnds({ members, container }: Scene): Promise<Refusal[]> {
  const pipes = halfPipes(members).filter(({ link }) => !container.live?.dump?.pipes?.includes(link));
  const sockets = await connections(members);
  const wanted = [...pipes.map(({ link }) => link), ...sockets.map(({ peer }) => `socket:[${peer.peer}]`)];
  const outsiders = await holdersOf(
    new Set(wanted),
    members.map(({ pid }) => pid),
  );
  return [
    ...pipes.flatMap(({ link, member, number }) => {
      const other = outsiders.get(link);
      return other ? [pipe(member, number, other)] : [];
    }),
    // Where nobody is found it waits to be accepted, or has just been closed.
    ...sockets.flatMap(({ peer, member, number }) => {
      const other = outsiders.get(`socket:[${peer.peer}]`);
      return other ? [socket(member, number, peer.peerName, other)] : [];
    }),
  ];
}

interface Held {
  readonly member: Member;
  readonly number: number;
}

/** Pipes of which the container has not both ends. */
function halfPipes(members: readonly Member[]): (Held & { readonly link: string })[] {
  const ends = members.flatMap((member) =>
    member.descriptors
      .filter(({ link }) => link.startsWith('pipe:'))
      .map(({ link, number, access }) => ({ member, link, number, access })),
  );
  const has = (wanted: string, access: string): boolean =>
    ends.some((end) => end.link === wanted && (end.access === access || end.access === 'both'));
  const half = ends.filter(({ link }) => !has(link, 'read') || !has(link, 'write'));
  return half.filter(({ link }, index) => half.findIndex((other) => other.link === link) === index);
}

/** Connections of Unix sockets that lead out of the tree. */
async function connections(members: readonly Member[]): Promise<(Held & { readonly peer: Peering })[]> {
  const held = new Map<number, Held>();
  for (const member of members)
    for (const { kind, inode, number } of member.descriptors)
      if (kind === 'socket' && !held.has(inode)) held.set(inode, { member, number });
  if (held.size === 0) return [];
  const spaces = new Map(members.map(({ pid, namespaces }) => [namespaces['net'], pid]));
  const lists = await Promise.all([...spaces.values()].map(unixPeers));
  return lists.flat().flatMap((peer) => {
    const mine = held.get(peer.inode);
    return mine && !held.has(peer.peer) ? [{ ...mine, peer }] : [];
  });
}

const hint = 'Stop what uses it, or move the container with --mode revive.';

function pipe(member: Member, number: number, other: Holder): Refusal {
  const message = `${who(member)} has a pipe open (descriptor ${number}) whose other end ${who(other)} outside of the container has.`;
  const standard =
    'Start it with its standard files at /dev/null (</dev/null >/dev/null 2>&1), or at files in the container.';
  return sourceRefusal('PEER_OUTSIDE', message, number <= 2 ? standard : hint);
}

function socket(member: Member, number: number, name: string | null, other: Holder): Refusal {
  const where = name === null ? '' : ` at ${name}`;
  const message = `${who(member)} is connected through a Unix socket (descriptor ${number}) to ${who(other)} outside of the container${where}.`;
  return sourceRefusal('PEER_OUTSIDE', message, hint);
}
