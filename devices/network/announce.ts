import { isIPv4 } from 'node:net';
import type { DriverContext } from '../../src/contracts/context.ts';
import { deliverPackets } from '../../src/linux/held-packets.ts';
import { ownProgram } from '../../src/own-file.ts';
import type { NetworkState } from './state.ts';

const virtioHeader = Buffer.alloc(10);
const broadcast = 'ff:ff:ff:ff:ff:ff';
const nobody = '00:00:00:00:00:00';

/** A bridged link: its bridge, its MAC address, and one address of its own. */
export type Whereabouts = readonly [bridge: string, mac: string, address: string];

export function whereabouts({ links }: NetworkState): Whereabouts[] {
  return links.flatMap(({ mac, addresses, host }) => {
    const own = addresses.find(({ local }) => isIPv4(local))?.local ?? '0.0.0.0';
    return host.bridge === null ? [] : [[host.bridge, mac, own] as const];
  });
}

/**
 * Says that the links are on this host: the target may have announced them before it gave up, and until the container speaks by itself a switch would send
 * everything for it there.
 */
export function announceHere(links: readonly Whereabouts[], log: DriverContext['log']): void {
  for (const [bridge, mac, address] of links)
    try {
      deliverPackets(bridge, [gratuitousArp(mac, address)]);
    } catch (error) {
      log(`The container is not announced on ${bridge}: ${String(error)}`);
    }
}

const program = ownProgram('devices/network/announce-program');

/** The same as a program and its arguments, for whoever recovers. */
export function announcement(links: readonly Whereabouts[]): [string, string[]] {
  return [process.execPath, [...process.execArgv, program, ...links.flat()]];
}

/** A request for its own address, as a frame with its virtio-net header (RFC 826; RFC 5227, 3). */
function gratuitousArp(mac: string, address: string): Buffer {
  const own = Buffer.from(address.split('.').map(Number));
  const request = Buffer.from([0, 1, 8, 0, 6, 4, 0, 1]);
  return Buffer.concat([
    virtioHeader,
    bytes(broadcast),
    bytes(mac),
    Buffer.from([8, 6]),
    request,
    bytes(mac),
    own,
    bytes(nobody),
    own,
  ]);
}

function bytes(mac: string): Buffer {
  return Buffer.from(mac.replaceAll(':', ''), 'hex');
}
