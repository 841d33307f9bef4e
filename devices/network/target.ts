import { writeFile } from 'node:fs/promises';
import type { DriverContext, Json } from '../../src/contracts/context.ts';
import type { TargetDevice } from '../../src/contracts/device.ts';
import { PhaulError, type Refusal } from '../../src/errors.ts';
import { type IpBatch, ipBatch } from './batch.ts';
import { announceCommands, inside, insideCommands, openCommands, pairCommands } from './commands.ts';
import { checkedHandOver, deliver, neighbourCommands } from './hand-over.ts';
import { readAddresses, readLinks, readNamespaces, type ShownLink } from './ip-json.ts';
import { removeLink, removeNamespace } from './remove.ts';
import { checkedState, type Link, namespaceName, type NetworkState } from './state.ts';
import { writeSysctls } from './sysctls.ts';

/**
 * The half that takes over. All of the network exists from `begin` on, with both ends up, so that no carrier has to be waited for later.
 * Only, the host's end leads nowhere: it is in no bridge, has no address, and the host is deaf to what comes from it.
 */
export function networkTarget(unchecked: Json, ctx: DriverContext): TargetDevice {
  const state = checkedState(unchecked);
  const name = namespaceName(state.namespace);
  const made: (() => Promise<void>)[] = [];
  const batches: { host?: IpBatch; inside?: IpBatch } = {};
  const ip = (...args: string[]): Promise<string> => ctx.run('ip', args, { abortable: false });
  return {
    name: 'network',
    refusals: () => refusals(state, ctx),
    begin: async () => {
      // Noted after the deed: before it, something of that name would not be ours.
      await ip('netns', 'add', name);
      ctx.ifKilled('ip', ['netns', 'delete', name]);
      made.push(() => removeNamespace(name, ctx));
      for (const link of state.links) {
        await ctx.run('ip', [...inside(state), '-batch', '-'], {
          input: pairCommands(link, process.pid).join('\n'),
        });
        ctx.ifKilled('ip', ['link', 'delete', 'dev', link.host.name]);
        // Deleted by itself: with its namespace it would go only some time later.
        made.push(() => removeLink(link.host.name, ctx));
        await deafen(link.host.name);
        await ip('link', 'set', 'dev', link.host.name, 'up');
      }
      const links = state.links.map((link) => link.name);
      const announcing = links.flatMap((link) => [
        [`ipv4/conf/${link}/arp_notify`, '1'],
        [`ipv6/conf/${link}/ndisc_notify`, '1'],
      ]);
      await writeSysctls(
        state.namespace,
        links,
        { ...state.sysctls, ...Object.fromEntries(announcing) },
        ctx,
      );
      await ctx.run('ip', [...inside(state), '-batch', '-'], { input: insideCommands(state).join('\n') });
      // What is noted last comes first.
      if (state.nameless) ctx.ifKilled('ip', ['netns', 'delete', name], 'moved');
      ctx.ifKilled('sh', ['-c', opening, 'sh', name, ...openingInput(state)], 'moved');
      batches.host = ipBatch('ip', null, 'link show dev lo', ctx.signal);
      batches.inside = ipBatch('ip', name, 'link show dev lo', ctx.signal);
    },
    activate: async (handed) => {
      if (!batches.host || !batches.inside) throw new PhaulError('INTERNAL', 'The network was not prepared.');
      await Promise.all(state.links.map(restoreSysctls));
      await batches.host.run(state.links.flatMap(openCommands));
      await batches.inside.run(announceCommands(state));
      const { neighbours, frames } = checkedHandOver(handed, state.links);
      await batches.inside.run(neighbourCommands(neighbours));
      deliver(frames, state.links);
      batches.host.end();
      batches.inside.end();
    },
    // It goes on, and ends with its last process.
    ...(state.nameless && { finish: () => removeNamespace(name, ctx) }),
    abort: async () => {
      batches.host?.end();
      batches.inside?.end();
      for (let undo = made.pop(); undo; undo = made.pop()) await undo();
    },
  };
}

// With these the host neither answers nor forwards what arrives on the link: no address is found on it, no way back leads to it.
const deaf = {
  'ipv4/conf/*/arp_ignore': '8',
  'ipv4/conf/*/rp_filter': '1',
  'ipv4/conf/*/forwarding': '0',
  'ipv6/conf/*/disable_ipv6': '1',
} as const;

async function deafen(link: string): Promise<void> {
  for (const [key, value] of Object.entries(deaf)) await writeSysctl(key.replace('*', link), value);
}

// $1: the namespace, $2: sysctls and their values, $3: commands of `ip`, $4: those inside the namespace.
const opening = `
printf '%s\\n' "$2" | while read -r key value; do [ -z "$key" ] || echo "$value" >"/proc/sys/net/$key"; done
printf '%s\\n' "$3" | ip -batch -
printf '%s\\n' "$4" | ip -n "$1" -batch -`;

/** As activate() does, where nobody is left to hand anything over. */
function openingInput(state: NetworkState): string[] {
  const routed = state.links.filter(({ host }) => host.bridge === null);
  const sysctls = routed.flatMap(({ host }) => Object.entries(host.sysctls).map((pair) => pair.join(' ')));
  return [sysctls, state.links.flatMap(openCommands), announceCommands(state)].map((lines) =>
    lines.join('\n'),
  );
}

/** A routed end works with the sysctls it had on the source; in a bridge they have no meaning. */
async function restoreSysctls({ host }: Link): Promise<void> {
  if (host.bridge === null)
    for (const [key, value] of Object.entries(host.sysctls)) await writeSysctl(key, value);
}

async function writeSysctl(key: string, value: string): Promise<void> {
  await writeFile(`/proc/sys/net/${key}`, value).catch((error: NodeJS.ErrnoException) => {
    // A kernel without IPv6.
    if (error.code !== 'ENOENT') throw error;
  });
}

async function refusals(state: NetworkState, ctx: DriverContext): Promise<Refusal[]> {
  const found: Refusal[] = [];
  const refuse = (code: Refusal['code'], message: string, hint: string): unknown =>
    found.push({ code, message, hint, host: 'target' });
  try {
    const links = new Map((await readLinks(null, ctx)).map((link) => [link.ifname, link]));
    const name = namespaceName(state.namespace);
    if ((await readNamespaces(ctx)).includes(name))
      refuse(
        'NETWORK_TAKEN',
        `The target already has a network namespace ${name}.`,
        `Remove it there: ip netns delete ${name}.`,
      );
    for (const { host } of state.links) {
      if (links.has(host.name))
        refuse(
          'NETWORK_TAKEN',
          `The target already has a link ${host.name}.`,
          `Remove it there: ip link delete ${host.name}.`,
        );
      if (host.bridge !== null) checkBridge(host.bridge, links.get(host.bridge), refuse, ctx);
    }
    checkMtu(state, links, ctx);
    for (const { address, link } of await addressesTaken(state, ctx))
      refuse(
        'NETWORK_TAKEN',
        `The target itself has the container's address ${address} (${link}).`,
        `Remove it there: ip address delete ${address} dev ${link}.`,
      );
  } catch (error) {
    if (!(error instanceof PhaulError) || error.code !== 'TOOL_MISSING') throw error;
    refuse('TOOL_MISSING', 'The target has no ip.', 'Install iproute2 there.');
  }
  return found;
}

/** What is larger than a bridge takes is dropped there, without a word to anybody. */
function checkMtu({ links }: NetworkState, there: ReadonlyMap<string, ShownLink>, ctx: DriverContext): void {
  for (const { name, mtu, host } of links) {
    const bridge = host.bridge === null ? undefined : there.get(host.bridge);
    if (bridge && bridge.mtu < mtu)
      ctx.warn(
        `The container's link ${name} has an MTU of ${mtu}, the target's bridge ${host.bridge} one of ${bridge.mtu}: larger packets will be lost there.`,
      );
  }
}

/** Addresses of the container that one of the host's own links has. */
async function addressesTaken(
  { links }: NetworkState,
  ctx: DriverContext,
): Promise<{ address: string; link: string }[]> {
  const wanted = new Set(
    links.flatMap(({ addresses }) =>
      addresses.filter(({ scope }) => scope !== 'link').map(({ local }) => local),
    ),
  );
  return [...(await readAddresses(null, ctx))].flatMap(([link, addresses]) =>
    addresses
      .filter(({ local }) => wanted.has(local))
      .map(({ local, length }) => ({ address: `${local}/${length}`, link })),
  );
}

function checkBridge(
  name: string,
  link: ShownLink | undefined,
  refuse: (code: Refusal['code'], message: string, hint: string) => unknown,
  ctx: DriverContext,
): void {
  const info = link?.linkinfo;
  if (info?.info_kind !== 'bridge')
    return void refuse('PATH_MISSING', `The target has no bridge ${name}.`, 'Create it there first.');
  if (info.info_data?.vlan_filtering)
    return void refuse(
      'NETWORK_UNSUPPORTED',
      `The target's bridge ${name} filters VLANs.`,
      'Use one that does not.',
    );
  if (info.info_data?.stp_state && info.info_data.forward_delay)
    ctx.warn(
      `The target's bridge ${name} runs STP: it forwards nothing for the container for twice its forward delay.`,
    );
}
