import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '../lab/host.ts';
import { removeLxcContainer, startLxcContainer } from '../lab/lxc.ts';
import { emptyPodman, image, preparePodman } from '../lab/podman.ts';
import type { VmLab } from '../lab/vm/vm-lab.ts';
import type { Sample, VmBenchmark } from './benchmark.ts';
import { clockLead } from './clock-lead.ts';
import { phaulMigrate } from './phaul.ts';
import type { WriterReport } from './process.ts';

const mebibytes = 128;
const megabytesPerSecond = 2;
const aroundMs = 2000;

/** How a kind of container is handled, with page-writer.py as its first process. */
interface Kind {
  readonly type: string;
  readonly rival: string;
  readonly start: (host: Host) => Promise<void>;
  /** Ends the writer, which then leaves its report. */
  readonly stop: (host: Host) => Promise<void>;
  /** A command that prints a file of the container's. */
  readonly print: (path: string) => readonly string[];
  readonly remove: (host: Host) => Promise<void>;
}

const name = 'writer';
const command = `python3 /page-writer.py ${mebibytes} ${megabytesPerSecond} /ready /report`;
const root = `/var/lib/lxc/${name}/rootfs`;
// Virtual machines are slow.
const slow = { timeoutMs: 180_000 };

const lxc: Kind = {
  type: 'lxc',
  rival: 'lxc.sh',
  start: async (host) => {
    await host.sh(`mkdir -p /var/lib/lxc/${name}
      cp -a /srv/rootfs-redis ${root}
      cp /opt/phaul/test/bench/page-writer.py ${root}/`);
    await startLxcContainer(host, { name, command, bridge: null, more: ['lxc.net.0.type = empty'] });
    // LXC would have CRIU restore a profile, which the machines' kernel does not know.
    await host.sh(`sed -i '/^lxc.apparmor/d' /var/lib/lxc/${name}/config`);
  },
  stop: async (host) => void (await host.sh(`kill $(lxc-info -n ${name} -p -H)`)),
  print: (path) => ['cat', `${root}${path}`],
  remove: (host) => removeLxcContainer(host, name),
};

const podman: Kind = {
  type: 'podman',
  rival: 'podman.sh',
  start: async (host) => {
    const mount = '-v /opt/phaul/test/bench/page-writer.py:/page-writer.py:ro';
    await host.sh(
      // podman's own checkpoint wants libcriu of crun, which Debian does not install with it.
      `podman run -d --runtime runc --name ${name} --network none ${mount} ${image} ${command} </dev/null`,
      slow,
    );
  },
  stop: async (host) => void (await host.sh(`podman kill --signal TERM ${name}`)),
  print: (path) => ['sh', '-c', `podman cp ${name}:${path} - | tar -xO`],
  remove: emptyPodman,
};

export const lxcPause = pauseBenchmark('lxc-pause', lxc);
export const podmanPause: VmBenchmark = {
  ...pauseBenchmark('podman-pause', podman),
  prepare: (lab) => preparePodman(lab.host('a'), lab.host('b')),
};

function pauseBenchmark(title: string, kind: Kind): VmBenchmark {
  return {
    name: title,
    lab: 'vm',
    unit: 'ms',
    description: `how long a process with ${mebibytes} MiB in a container of ${kind.type}'s, which rewrites ${megabytesPerSecond} MB of it per second, stands still`,
    phaul: (lab) =>
      pause(lab, kind, () => phaulMigrate(lab.host('a'), ['--type', kind.type, name, 'b']).result),
    rival: (lab) =>
      pause(lab, kind, async () => {
        const script = `/opt/phaul/test/bench/rivals/${kind.rival}`;
        await lab.host('a').run(['bash', script, name, 'b'], { timeoutMs: 600_000 });
      }),
  };
}

/** The process's longest gap while `move` takes place, and nothing left on either host. @throws as `gap` */
async function pause(lab: VmLab, kind: Kind, move: () => Promise<unknown>): Promise<Sample> {
  const hosts = [lab.host('a'), lab.host('b')] as const;
  const clear = (): Promise<unknown> => Promise.all(hosts.map(kind.remove));
  try {
    const sample = await gap(hosts, kind, move);
    await clear();
    return sample;
  } catch (error) {
    // What fails now does so because of that.
    await clear().catch(() => undefined);
    throw error;
  }
}

/** @throws if its memory is not what it was, or it does not run on b */
async function gap([a, b]: readonly [Host, Host], kind: Kind, move: () => Promise<unknown>): Promise<Sample> {
  const lead = await clockLead(a, b);
  await kind.start(a);
  await appears(a, kind.print('/ready'));
  await sleep(aroundMs);
  await move();
  await sleep(aroundMs);
  await kind.stop(b);
  const report = kind.print('/report');
  await appears(b, report);
  const { errors, longestGapMs } = JSON.parse((await b.run(report)).stdout) as WriterReport;
  if (errors > 0) throw new Error(`${errors} pages were not what they had been`);
  // It began by one clock and ended by the other.
  return { value: longestGapMs - lead };
}

/** Waits until a command that prints a file succeeds. */
async function appears(host: Host, print: readonly string[]): Promise<void> {
  const deadline = Date.now() + 120_000;
  while ((await host.run(print, { check: false })).exitCode !== 0) {
    if (Date.now() > deadline) throw new Error(`${print.join(' ')} has not succeeded for two minutes`);
    await sleep(500);
  }
}
