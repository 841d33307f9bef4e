import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Json } from '../../src/contracts/context.ts';
import type { DeviceContext, SourceDevice } from '../../src/contracts/device.ts';
import type { SourceContainer } from '../../src/contracts/htype.ts';
import { driverContext } from '../../src/driver-context.ts';
import { network } from '../../devices/network/network.ts';
import type { NetworkState } from '../../devices/network/state.ts';

export const ip = (...args: string[]): string =>
  execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

/** Two bridges joined as two hosts' would be by a switch, a client at the first, a container's namespace on it. */
export interface Lan {
  readonly container: string;
  /** A process of it. */
  readonly pid: number;
  readonly onTarget: string;
  readonly ctx: DeviceContext;
  readonly said: string[];
  /** `state` as the same machine can hold it a second time: with other names. */
  readonly elsewhere: (state: Json) => Json;
  readonly remove: () => void;
  readonly names: { readonly a: string; readonly b: string; readonly client: string; readonly end: string };
}

export function makeLan(): Lan {
  const tag = `p${process.pid % 100_000}`;
  const names = { a: `${tag}a`, b: `${tag}b`, client: `${tag}client`, end: `${tag}e` };
  const [container, onTarget] = [`${tag}ct`, `${tag}ct2`];
  const home = mkdtempSync('/tmp/phaul-net-');
  // What a driver notes for the case of its death is kept beside its directory.
  const directory = join(home, 'scratch');
  mkdirSync(directory);
  const aborter = new AbortController();
  const said: string[] = [];
  for (const bridge of [names.a, names.b]) {
    ip('link', 'add', bridge, 'type', 'bridge');
    ip('link', 'set', bridge, 'up');
  }
  ip('link', 'add', `${tag}ab`, 'type', 'veth', 'peer', 'name', `${tag}ba`);
  ip('link', 'set', `${tag}ab`, 'master', names.a, 'up');
  ip('link', 'set', `${tag}ba`, 'master', names.b, 'up');
  ip('netns', 'add', names.client);
  connect(names.client, `${tag}c`, 'eth0', names.a);
  addresses(names.client, 'eth0', '10.78.0.1/24', 'fd78::1/64');
  ip('netns', 'add', container);
  connect(container, names.end, 'eth0', names.a);
  ip('-n', container, 'link', 'set', 'lo', 'up');
  addresses(container, 'eth0', '10.78.0.2/24', 'fd78::2/64');
  const inhabitant = spawn('ip', ['netns', 'exec', container, 'sleep', 'infinity']);
  while (readFileSync(`/proc/${inhabitant.pid}/comm`, 'utf8') !== 'sleep\n');
  // A port forwards a moment after its link has a carrier (net/bridge/br_if.c, br_port_carrier_check).
  for (const port of [`${tag}ab`, `${tag}ba`, `${tag}c`, names.end])
    while (readFileSync(`/sys/class/net/${port}/brport/state`, 'utf8') !== '3\n');
  return {
    container,
    pid: inhabitant.pid ?? 0,
    onTarget,
    ctx: {
      ...driverContext(directory, aborter.signal, (level, text) => said.push(`${level}: ${text}`)),
      move: { container: 'ct', peer: 'other', mode: 'live' },
    },
    said,
    names,
    elsewhere: (state) => {
      const { links, ...rest } = structuredClone(state) as unknown as NetworkState;
      const others = links.map((link) => {
        const text = JSON.stringify(link.host).replaceAll(names.end, `${names.end}2`);
        return { ...link, host: JSON.parse(text.replaceAll(names.a, names.b)) as typeof link.host };
      });
      return { ...rest, namespace: `/run/netns/${onTarget}`, links: others } as unknown as Json;
    },
    remove: () => {
      aborter.abort();
      inhabitant.kill('SIGKILL');
      for (const namespace of [names.client, container, onTarget]) quietly('netns', 'delete', namespace);
      for (const link of [names.a, names.b, `${tag}ab`, `${tag}c`, names.end, `${names.end}2`])
        quietly('link', 'delete', 'dev', link);
      rmSync(home, { recursive: true, force: true });
    },
  };
}

function quietly(...args: string[]): void {
  try {
    ip(...args);
  } catch {
    // Not there.
  }
}

function connect(namespace: string, end: string, name: string, bridge: string): void {
  // An index that the kernel would not choose.
  const pair = ['type', 'veth', 'peer', 'name', end, 'netns', String(process.pid)];
  ip('-n', namespace, 'link', 'add', name, 'index', '9', ...pair);
  ip('link', 'set', end, 'master', bridge, 'up');
  ip('-n', namespace, 'link', 'set', name, 'up');
}

function addresses(namespace: string, name: string, v4: string, v6: string): void {
  ip('-n', namespace, 'address', 'add', v4, 'dev', name);
  ip('-n', namespace, 'address', 'add', v6, 'dev', name, 'nodad');
}

/** All that the driver asks of a container. */
export function containerIn({ container, pid }: Pick<Lan, 'container' | 'pid'>): SourceContainer {
  return { network: { namespace: `/run/netns/${container}` }, pid } as SourceContainer;
}

/** The half of its network that lets go. */
export async function sourceOf(lan: Lan): Promise<SourceDevice> {
  const [device] = await network.source(containerIn(lan), lan.ctx);
  if (!device) throw new Error('no device');
  return device;
}

const echo = `
const { createSocket } = require('node:dgram');
const socket = createSocket({ type: 'udp6' });
socket.on('message', (message, { port, address }) => {
  process.stdout.write(message + '\\n');
  socket.send(message + ' ' + process.argv[1], port, address);
});
socket.bind(7777, '::', () => process.stdout.write('ready\\n'));
`;

/** Answers every datagram with `word`, in that namespace. `heard`: how many it got that were sent after `since`. */
export async function startEcho(
  namespace: string,
  word: string,
): Promise<{ heard: (since: bigint) => number; stop: () => void }> {
  const child = spawn('ip', ['netns', 'exec', namespace, process.execPath, '-e', echo, word]);
  const sent: bigint[] = [];
  createInterface(child.stdout).on('line', (line) => line !== 'ready' && sent.push(BigInt(line)));
  await once(child.stdout, 'data');
  return { heard: (since) => sent.filter((at) => at > since).length, stop: () => child.kill('SIGKILL') };
}

const ask = `
const { createSocket } = require('node:dgram');
const socket = createSocket({ type: 'udp6' });
socket.on('error', () => {});
socket.on('message', (message, from) => process.stdout.write(message + '\\n'));
const send = () => socket.send(String(process.hrtime.bigint()), 7777, process.argv[1], () => {});
socket.bind(0, () => { setInterval(send, 1); process.stdout.write('ready\\n'); });
`;

/** Asks `address` every millisecond from the client. */
export interface Asker {
  /**
   * The word that answers the first question sent after `since` that is answered; null if there is none within `patience` ms. By what was sent when, not
   * heard: on a busy machine a process may hear much later what has long come. Without an answer the client forgets the address after 8 s, and asks for it.
   */
  readonly answer: (since: bigint, patience?: number) => Promise<string | null>;
  readonly stop: () => void;
}

export async function startAsker(namespace: string, address: string): Promise<Asker> {
  const child = spawn('ip', ['netns', 'exec', namespace, process.execPath, '-e', ask, address]);
  const answers: { at: bigint; word: string }[] = [];
  createInterface(child.stdout).on('line', (line) => {
    const [at = '0', word] = line.split(' ');
    if (word !== undefined) answers.push({ at: BigInt(at), word });
  });
  await once(child.stdout, 'data');
  return {
    answer: async (since, patience = 5000) => {
      const end = performance.now() + patience;
      for (;;) {
        const found = answers.find(({ at }) => at > since);
        if (found) return found.word;
        if (performance.now() > end) return null;
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    },
    stop: () => child.kill('SIGKILL'),
  };
}
