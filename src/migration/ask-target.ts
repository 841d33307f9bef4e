import { hostname } from 'node:os';
import { driverApi } from '../contracts/driver.ts';
import type { ContainerDescription } from '../contracts/htype.ts';
import { cpuFlags } from '../linux/cpu-flags.ts';
import type { PlanReport } from '../observe/events.ts';
import type { Params, Result } from '../rpc/methods.ts';
import type { SourceFound } from './check-source.ts';
import type { Share } from './choose-fs.ts';
import { clockSkew, skewInWords } from './clock-skew.ts';
import type { Devices } from './devices.ts';
import type { Demand } from './files.ts';
import { hostReport, thisHost } from './host-report.ts';
import type { Link } from './link.ts';
import type { Migration } from './migration.ts';

/** What the source has found, as far as the target must know it. */
interface Asked {
  readonly container: ContainerDescription;
  readonly shares: readonly Share[];
  readonly devices: Devices['states'];
  readonly cpuinfo: string | null;
  /** Bytes. */
  readonly memory: number;
  readonly source: SourceFound;
  readonly thorough: boolean;
  readonly room: readonly Demand[];
}

// Of each kind; the target takes no more.
const mostAsked = 1024;

/** Has the target look at everything that could stop the migration there, and tells what both hosts are. */
export async function askTarget(
  m: Migration,
  link: Link,
  { container, shares, devices, cpuinfo, memory, source, thorough, room }: Asked,
): Promise<{ target: Result<'check'>; hosts: PlanReport['hosts'] }> {
  const { options } = m;
  const name = hostname();
  const here = thisHost(source.criu, {
    htype: [container.htype],
    fs: shares.map(({ driver }) => driver),
    device: devices.map((state) => state.name),
  });
  const flags = options.mode === 'live' ? await cpuFlags() : [];
  const sent = Date.now();
  const target = await link.call('check', {
    mode: options.mode,
    api: driverApi,
    container,
    fs: shares.map(({ driver, trees }) => ({ driver, trees })),
    devices,
    source: name,
    skipCriuCheck: options.skipCriuCheck,
    cpuinfo,
    memory,
    force: options.force,
    imagePath: options.imagePath ?? null,
    more: {
      cpuFlags: flags,
      ports: source.ports.slice(0, mostAsked),
      files: source.files.slice(0, mostAsked),
      thorough,
      room,
    },
  } as Params<'check'>);
  const exchange = target.more && { sent, heard: Date.now(), ...target.more };
  const skew = exchange && skewInWords(exchange);
  if (skew) m.say('warn', skew);
  const hosts = {
    source: hostReport(name, await here),
    target: hostReport(link.host, { ...target, phaul: link.phaul, ...target.more }),
  };
  m.emit({ type: 'hosts', ...hosts, ...(exchange && { clock: clockSkew(exchange) }) });
  return { target, hosts };
}
