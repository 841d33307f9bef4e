import { isIP } from 'node:net';
import * as z from 'zod';
import type { DriverContext, Json } from '../../src/contracts/context.ts';
import { PhaulError } from '../../src/errors.ts';
import { deliverPackets, type HeldPackets, holdPackets } from '../../src/linux/held-packets.ts';
import { readNeighbours } from './ip-json.ts';
import type { Link, NetworkState } from './state.ts';

/**
 * What only comes to be in the freeze: whom the container was talking to, and what they said meanwhile. Without the first the restored
 * sockets ask by ARP before the link is open, and ask again a second later; without the second a peer sends its lost packet again
 * after 200 ms, then 400, 800, …
 */
const schema = z.strictObject({
  neighbours: z
    .array(
      z.strictObject({
        link: z.string(),
        address: z.string().refine((text) => isIP(text) !== 0),
        mac: z.string().regex(/^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/),
      }),
    )
    .max(4096),
  /** By link, frames with their virtio-net headers in base64. */
  frames: z.record(z.string(), z.array(z.base64()).max(8192)),
});

type HandOver = z.infer<typeof schema>;

// Both are parts of one message, whose length has a limit (contracts/device.ts).
const mostNeighbours = 1024;
/** Of all links together, in bytes. TCP resends the rest by itself. */
const mostFrames = 192 * 1024;

/** The source's half, from right before the freeze to the commit. */
export interface Gathering {
  /** No connection can be made any more: keep what asks for one. */
  readonly connecting: () => void;
  /** Nothing reaches the container any more: keep what comes for it, and look whom it knows. Returns at once. */
  readonly begin: () => void;
  readonly take: () => Json;
  /** Undone: the container gets here what came for it. */
  readonly giveBack: () => void;
}

/** @param namespace the path of the source's */
export function gathering(namespace: string, state: NetworkState, ctx: DriverContext): Gathering {
  // A routed link's frames go to the host's address, not the container's.
  const bridged = state.links.filter(({ host }) => host.bridge !== null);
  const held = new Map<string, HeldPackets>();
  let neighbours: HandOver['neighbours'] = [];
  const connecting = (): void => {
    for (const { name, mac, host } of bridged)
      if (!held.has(name)) held.set(name, holdPackets(mac, host.bridge));
  };
  const frames = (): HandOver['frames'] => {
    const taken = framesOf(held);
    for (const each of held.values()) each.close();
    held.clear();
    return taken;
  };
  return {
    connecting,
    begin: () => {
      connecting();
      for (const each of held.values()) each.all();
      neighboursOf(namespace, state, ctx).then(
        (found) => (neighbours = found),
        (error: unknown) => ctx.log(`The neighbours stay behind: ${String(error)}`),
      );
    },
    take: () => ({ neighbours, frames: frames() }) satisfies HandOver,
    giveBack: () => {
      try {
        deliver(frames(), state.links);
      } catch (error) {
        // Who sent them sends them again; and if the link is gone, so is the container.
        ctx.log(`What came meanwhile is lost: ${String(error)}`);
      }
    },
  };
}

/** By link, in base64. */
export function framesOf(held: ReadonlyMap<string, Pick<HeldPackets, 'take'>>): HandOver['frames'] {
  let left = mostFrames;
  const taken = [...held].map(([name, { take }]) => {
    const frames = take(left);
    left -= frames.reduce((sum, { length }) => sum + length, 0);
    return [name, frames.map((frame) => frame.toString('base64'))] as const;
  });
  return Object.fromEntries(taken);
}

/** The target's half. @throws PROTOCOL_ERROR unless every part is what it says */
export function checkedHandOver(handed: Json, links: readonly Link[]): HandOver {
  const nothing: HandOver = { neighbours: [], frames: {} };
  const checked = schema.safeParse(handed ?? nothing);
  const known = new Set(links.map(({ name }) => name));
  const names = checked.success
    ? [...checked.data.neighbours.map(({ link }) => link), ...Object.keys(checked.data.frames)]
    : [];
  if (checked.success && names.every((name) => known.has(name))) return checked.data;
  throw new PhaulError('PROTOCOL_ERROR', 'What the source hands over of its network cannot be.');
}

/** `ip` commands inside the namespace. STALE: used at once, and verified beside that. */
export function neighbourCommands(neighbours: HandOver['neighbours']): string[] {
  return neighbours.map(
    ({ link, address, mac }) => `neighbour replace ${address} lladdr ${mac} dev ${link} nud stale`,
  );
}

/** To the container, as if they had just come from the network. */
export function deliver(frames: HandOver['frames'], links: readonly Link[]): void {
  for (const { name, host } of links) {
    const own = frames[name] ?? [];
    if (own.length > 0)
      deliverPackets(
        host.name,
        own.map((text) => Buffer.from(text, 'base64')),
      );
  }
}

async function neighboursOf(
  namespace: string,
  state: NetworkState,
  ctx: DriverContext,
): Promise<HandOver['neighbours']> {
  const own = new Set(state.links.map(({ name }) => name));
  return (await readNeighbours(namespace, ctx))
    .flatMap(({ dst, dev, lladdr }) =>
      lladdr !== undefined && own.has(dev) ? [{ link: dev, address: dst, mac: lladdr }] : [],
    )
    .slice(0, mostNeighbours);
}
