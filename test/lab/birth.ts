import { type StdioOptions, spawn } from 'node:child_process';
import { openSync, closeSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { hostMounts, makeCgroups } from './cgroups.ts';
import { hostEnvironment, inCgroups } from './command.ts';
import type { HostName } from './host.ts';
import { switchCommand } from './network.ts';
import { projectDirectory, stateDirectory } from './paths.ts';

/** A process that is becoming a member of the lab. */
export interface Birth {
  /** Its PID on the machine, as soon as it has its namespaces. */
  readonly pid: Promise<number>;
  /** Settles when it can be entered. */
  readonly ready: Promise<void>;
}

const birthScript = fileURLToPath(new URL('host-birth.sh', import.meta.url));

/** Starts the switch of a lab. */
export function startSwitch(lab: string): Birth {
  return bear(lab, 'switch', switchCommand(makeCgroups(lab, 'switch')));
}

/** Starts a host of a lab on the given root file system. */
export function startHost(lab: string, name: HostName, root: string): Birth {
  const script = ['bash', birthScript, name, root, projectDirectory, stateDirectory(lab), ...hostMounts()];
  const namespaces = ['--mount', '--pid', '--net', '--uts', '--ipc', '--cgroup', '--propagation', 'private'];
  // The first process that a PID namespace sees is its init, so one in between has to start it, and then goes.
  const unshare = ['unshare', ...namespaces, 'bash', '-c', '"$@" &', 'lab', ...script];
  return bear(lab, name, inCgroups(makeCgroups(lab, name), unshare));
}

function bear(lab: string, member: string, [file = '', ...args]: string[]): Birth {
  const logPath = join(stateDirectory(lab), `${member}.log`);
  const log = openSync(logPath, 'w');
  const stdio: StdioOptions = ['ignore', 'pipe', log];
  const child = spawn(file, args, { detached: true, env: hostEnvironment, stdio });
  closeSync(log);
  child.unref();

  const lines = createInterface(child.stdout!)[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done)
      throw new Error(
        `${member} did not come up: ${readFileSync(logPath, 'utf8').trim() || 'it was killed'}`,
      );
    return value;
  };
  const pid = next().then(Number);
  const ready = pid.then(async () => void (await next()));
  ready.catch(() => {}); // Asked for later than it may fail.
  return { pid, ready };
}
