import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startHost, startSwitch } from './birth.ts';
import { processesOf, removeCgroups } from './cgroups.ts';
import { type HostName, hostNames } from './host.ts';
import { withLock } from './lock.ts';
import { NamespaceHost } from './namespace-host.ts';
import { blockPackets, connect, passPackets, plugCable, pullCable } from './network.ts';
import { labName, stateDirectory } from './paths.ts';
import { ensureRoot } from './root.ts';

/** PIDs on the machine, recorded when a lab is completely up. */
type Record = { readonly [member in HostName | 'switch']: number };

/** Three hosts a, b and c on one network, made of namespaces. */
export class Lab {
  readonly name: string;
  readonly #record: Record;

  private constructor(name: string, record: Record) {
    this.name = name;
    this.#record = record;
  }

  /**
   * Brings up a fresh lab in a second or two; whatever is left of an earlier one of the same name, complete or not,
   * running or not, is cleared away first.
   */
  static up(name = labName()): Promise<Lab> {
    return withLock(async () => {
      const root = ensureRoot();
      await clearAway(name);
      try {
        return new Lab(name, await bringUp(name, root));
      } catch (error) {
        await clearAway(name);
        throw error;
      }
    });
  }

  /** The lab that is up, or undefined if it is not completely there. */
  static find(name = labName()): Lab | undefined {
    const record = readRecord(name);
    // A PID of the record that is not in its cgroup belongs to some other process by now.
    const complete =
      record && Object.entries(record).every(([member, pid]) => processesOf(name, member).includes(pid));
    return complete ? new Lab(name, record) : undefined;
  }

  /** Clears a lab away: processes, namespaces, cgroups, files. Does no harm where there is none. */
  static down(name = labName()): Promise<void> {
    return withLock(() => clearAway(name));
  }

  down(): Promise<void> {
    return Lab.down(this.name);
  }

  host(name: HostName): NamespaceHost {
    return new NamespaceHost(this.name, name, this.#record[name]);
  }

  /** Pulls the cable between a host and the switch. */
  cut(name: HostName): Promise<void> {
    return pullCable(this.#record.switch, name);
  }

  /** Plugs it in again. */
  join(name: HostName): Promise<void> {
    return plugCable(this.#record.switch, name);
  }

  /** Loses on the way whatever one host sends to the other, in this direction only. */
  block(from: HostName, to: HostName): Promise<void> {
    return blockPackets(this.#record.switch, this.#record.c, from, to);
  }

  /** Ends all blocks. */
  unblock(): Promise<void> {
    return passPackets(this.#record.switch, this.#record.c);
  }
}

async function bringUp(name: string, root: string): Promise<Record> {
  mkdirSync(stateDirectory(name), { recursive: true });
  allowLargePipes();
  const hub = startSwitch(name);
  const births = hostNames.map((host) => ({ host, birth: startHost(name, host, root) }));
  await hub.ready;
  const switchPid = await hub.pid;
  const pids = await Promise.all(
    births.map(async ({ host, birth }) => {
      const pid = await birth.pid;
      await connect(switchPid, host, pid);
      await birth.ready;
      await sshdListens(new NamespaceHost(name, host, pid));
      return [host, pid] as const;
    }),
  );
  const record = { ...Object.fromEntries(pids), switch: switchPid } as Record;
  writeFileSync(recordPath(name), JSON.stringify(record));
  return record;
}

/** sshd writes this file when it listens. */
async function sshdListens(host: NamespaceHost): Promise<void> {
  const pidFile = join(host.root, 'run/sshd.pid');
  const deadline = Date.now() + 60_000;
  for (;;) {
    try {
      return await access(pidFile);
    } catch (error) {
      if (Date.now() > deadline) throw new Error(`sshd of ${host.name} does not come up`, { cause: error });
      await sleep(5);
    }
  }
}

/**
 * CRIU's lazy pages need more pipe buffers than the kernel's defaults allow without CAP_SYS_RESOURCE. These limits are
 * the whole machine's, and harmless: they are left as they are when the lab goes, because another may need them.
 */
function allowLargePipes(): void {
  writeFileSync('/proc/sys/fs/pipe-user-pages-soft', '0');
  const maximum = '/proc/sys/fs/pipe-max-size';
  const wanted = 16 * 1024 * 1024;
  if (Number(readFileSync(maximum, 'utf8')) < wanted) writeFileSync(maximum, String(wanted));
}

async function clearAway(name: string): Promise<void> {
  rmSync(recordPath(name), { force: true });
  await removeCgroups(name);
  rmSync(stateDirectory(name), { recursive: true, force: true });
}

function recordPath(name: string): string {
  return join(stateDirectory(name), 'up.json');
}

function readRecord(name: string): Record | undefined {
  try {
    return JSON.parse(readFileSync(recordPath(name), 'utf8')) as Record;
  } catch {
    return undefined;
  }
}
