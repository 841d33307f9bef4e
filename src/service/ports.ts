import type { Refusal } from '../errors.ts';
import { holdersOf } from '../linux/holders.ts';
import { inetSockets, isWildcard } from '../linux/inet-sockets.ts';

/** A port of the host's own network at which the container waits. */
export interface Port {
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
}

/** Ports that somebody else has on this host already. Changes nothing. */
export async function portsTaken(wanted: readonly Port[]): Promise<Refusal[]> {
  if (wanted.length === 0) return [];
  const here = (await inetSockets('self')).filter(({ listens, connected }) => listens || !connected);
  const taken = wanted.flatMap((port) => {
    const socket = here.find(
      ({ protocol, local }) =>
        protocol === port.protocol &&
        local.port === port.port &&
        (isWildcard(local) || isWildcard(port) || local.address === port.address),
    );
    return socket ? [{ port, link: `socket:[${socket.inode}]` }] : [];
  });
  const holders = await holdersOf(new Set(taken.map(({ link }) => link)), []);
  return taken.map(({ port: { port, protocol }, link }) => {
    const holder = holders.get(link);
    const who = holder ? `${holder.name} (pid ${holder.pid})` : 'somebody';
    return {
      code: 'PORT_TAKEN',
      message: `The container waits at port ${port} (${protocol}) of the host's own network, which ${who} has on the target.`,
      hint: 'Stop that, or give the container a network namespace of its own.',
      host: 'target',
    };
  });
}
