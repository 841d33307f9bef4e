import type { DriverContext } from '../../src/contracts/context.ts';
import type { SourceDevice } from '../../src/contracts/device.ts';
import type { SourceContainer } from '../../src/contracts/htype.ts';
import type { Refusal } from '../../src/errors.ts';
import { announceHere, announcement, whereabouts } from './announce.ts';
import { ipBatch } from './batch.ts';
import { reopenCommands } from './commands.ts';
import { gate } from './gate.ts';
import { gathering } from './hand-over.ts';
import { runIn } from './ip-json.ts';
import { readNetwork, type Reading } from './read.ts';
import { removeLink, removeNamespace } from './remove.ts';
import { connectionsSettled } from './settled.ts';
import { type Link, namespaceName } from './state.ts';

// $1: commands of `bridge`, $2: commands of `ip`.
const reopening = 'printf "%s" "$1" | bridge -batch -; printf "%s" "$2" | ip -batch -';
// The links' names, and the namespace's.
const removal =
  'while [ $# -gt 1 ]; do ip link delete dev "$1"; shift; done; [ -z "$1" ] || ip netns delete "$1"';

/** The half that lets go. */
export async function networkSource(
  container: SourceContainer,
  ctx: DriverContext,
): Promise<readonly SourceDevice[]> {
  const namespace = container.network?.namespace ?? null;
  if (namespace === null) return [];
  const reading = await readNetwork(namespace, container.network?.onTarget ?? namespace, ctx);
  const { state, bridges } = reading;
  const ports = state.links.filter((link) => link.host.bridge !== null && !isStp(link, bridges));
  const others = state.links.filter((link) => !ports.includes(link));
  // Started now: at the freeze a process would take longer to start than all the rest. A port's own state proves what was set.
  const bridge = ipBatch('bridge', null, `link show dev ${ports[0]?.host.name ?? ''}`, ctx.signal);
  const ip = ipBatch('ip', null, 'link show dev lo', ctx.signal);
  const gathered = gathering(namespace, state, ctx);
  const newcomers = gate(
    state.links.map(({ host }) => host.name),
    ctx,
  );
  const open = { bridge: ports.map(stateOf('forwarding')), ip: others.flatMap(reopenCommands) };
  const here = whereabouts(state);
  // One without a name goes with its last process.
  const name = container.network?.onTarget === undefined ? namespaceName(namespace) : null;
  let gated = false;
  let shut = false;
  const device: SourceDevice = {
    name: 'network',
    state,
    refusals: async () => [...refusals(reading), ...(await firewall(namespace, ctx))],
    quiet: async ({ connections }) => {
      gated = true;
      gathered.connecting();
      await newcomers.close();
      if (connections) await connectionsSettled(container.pid, ctx);
    },
    freeze: async () => {
      shut = true;
      // What is noted last comes first.
      ctx.ifKilled(...announcement(here));
      ctx.ifKilled('sh', ['-c', reopening, 'sh', open.bridge.join('\n'), open.ip.join('\n')]);
      const away = [...state.links.map(({ host }) => host.name), name ?? ''];
      ctx.ifKilled('sh', ['-c', removal, 'sh', ...away], 'moved');
      await Promise.all([bridge.run(ports.map(stateOf('disabled'))), ip.run(others.map(down))]);
      gathered.begin();
    },
    handOver: gathered.take,
    abort: async () => {
      if (gated) await newcomers.open();
      gated = false;
      if (shut) {
        for (const [tool, commands] of Object.entries(open))
          await ctx.run(tool, ['-batch', '-'], { input: commands.join('\n'), abortable: false });
        announceHere(here, ctx.log);
      }
      shut = false;
      gathered.giveBack();
    },
    release: async () => {
      bridge.end();
      ip.end();
      for (const { host } of state.links) await removeLink(host.name, ctx);
      if (name !== null) await removeNamespace(name, ctx);
    },
  };
  return [device];
}

/**
 * A port of a bridge is shut by its state, which leaves everything else of the network as it is: carrier, routes, neighbours. `bridge`
 * sets it at once; `ip link set type bridge_slave state` has been seen not to. Where the bridge runs the spanning tree protocol the
 * state is not ours to set, and without a bridge there is none: then the link goes down.
 */
function stateOf(state: 'disabled' | 'forwarding'): (link: Link) => string {
  return ({ host }) => `link set dev ${host.name} state ${state === 'disabled' ? 0 : 3}`;
}

const down = ({ host }: Link): string => `link set dev ${host.name} down`;

function isStp({ host }: Link, bridges: Reading['bridges']): boolean {
  return host.bridge !== null && bridges.get(host.bridge)?.linkinfo?.info_data?.stp_state !== 0;
}

function refusals({ problems }: Reading): Refusal[] {
  const hint = 'phaul moves veth pairs, bridged or routed, with plain addresses and routes.';
  return problems.map((message) => ({ code: 'NETWORK_UNSUPPORTED', message, hint, host: 'source' }));
}

/** Rules inside the namespace do not travel: without them the container would be open on the target. */
async function firewall(namespace: string, ctx: DriverContext): Promise<Refusal[]> {
  const looks = [
    ['cat', '/proc/net/ip_tables_names', '/proc/net/ip6_tables_names'],
    ['nft', 'list', 'ruleset'],
  ];
  // Either may be missing, and then there are no rules of its kind or no way to see them.
  const found = await Promise.all(
    looks.map(([program = '', ...args]) => runIn(namespace, program, args, ctx).catch(() => '')),
  );
  if (found.every((text) => text.trim() === '')) return [];
  const message =
    "There are firewall rules inside the container's network namespace, which phaul does not move.";
  return [{ code: 'NETWORK_UNSUPPORTED', message, hint: 'Filter on the host instead.', host: 'source' }];
}
