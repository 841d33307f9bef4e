import { isIPv4 } from 'node:net';
import type { DriverContext } from '../../src/contracts/context.ts';
import { deliverPackets } from '../../src/linux/held-packets.ts';
import type { Link, NetworkState } from './state.ts';

const virtioHeader = Buffer.alloc(10);
const broadcast = 'ff:ff:ff:ff:ff:ff';
const nobody = '00:00:00:00:00:00';

/**
 * Says once more that bridged links are on this host: the target may have announced them before it gave up, and until the container speaks by itself a
 * switch would send everything for it there.
 */
export function announceHere({ links }: NetworkState, ctx: DriverContext): void {
  for (const { mac, addresses, host } of links)
    try {
      if (host.bridge !== null) deliverPackets(host.bridge, [gratuitousArp(mac, addresses)]);
    } catch (error) {
      ctx.log(`${host.name} is not announced: ${String(error)}`);
    }
}

/** A request for its own address, as a frame with its virtio-net header (RFC 826; RFC 5227, 3). */
export function gratuitousArp(mac: string, addresses: Link['addresses']): Buffer {
  const own = addresses.find(({ local }) => isIPv4(local))?.local ?? '0.0.0.0';
  const address = Buffer.from(own.split('.').map(Number));
  const request = Buffer.from([0, 1, 8, 0, 6, 4, 0, 1]);
  return Buffer.concat([
    virtioHeader,
    ...[broadcast, mac].map(bytes),
    Buffer.from([8, 6]),
    request,
    bytes(mac),
    address,
    bytes(nobody),
    address,
  ]);
}

function bytes(mac: string): Buffer {
  return Buffer.from(mac.replaceAll(':', ''), 'hex');
}
