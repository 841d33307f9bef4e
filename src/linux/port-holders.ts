import { holdersOf } from './holders.ts';
import { inetSockets, isWildcard } from './inet-sockets.ts';

/** A port of this host's own network. */
export interface Port {
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
}

/** Which of these ports somebody has already, and who, in words: `nginx (pid 4711)`. */
export async function portHolders<T extends Port>(
  wanted: readonly T[],
): Promise<readonly { readonly port: T; readonly who: string }[]> {
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
  return taken.map(({ port, link }) => {
    const holder = holders.get(link);
    return { port, who: holder ? `${holder.name} (pid ${holder.pid})` : 'somebody' };
  });
}
