import { readFileSync } from 'node:fs';
import { processesOf } from '../lab/cgroups.ts';
import type { Lab } from '../lab/lab.ts';
import type { Host } from '../lab/host.ts';

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  readonly args: readonly string[];
}

/** The processes of a host that phaul consists of, with the pids that they have on the machine. */
export function phaulOn(lab: Lab, host: Host, ...commands: string[]): number[] {
  return processes(lab, host)
    .filter(
      ({ args }) =>
        args[0] === 'node' && args[1]?.endsWith('/main.js') === true && commands.includes(args[2] ?? ''),
    )
    .map(({ pid }) => pid);
}

/** Who goes on when phaul has died there (src/journal/guard.ts): shells that know a migration's directory. */
export function guardsOn(lab: Lab, host: Host): number[] {
  return processes(lab, host)
    .filter(({ args }) => args[0] === '/bin/sh' && args[4]?.startsWith('/var/lib/phaul/') === true)
    .map(({ pid }) => pid);
}

/** The CRIU that a phaul there has started, but not what that has made. */
export function criuOn(lab: Lab, host: Host): number[] {
  const phauls = phaulOn(lab, host, 'migrate', 'service');
  return processes(lab, host)
    .filter(({ name, parent }) => name === 'criu' && phauls.includes(parent))
    .map(({ pid }) => pid);
}

/** The ssh that phaul has started there. */
export function sshOn(lab: Lab, host: Host): number[] {
  return processes(lab, host)
    .filter(({ name }) => name === 'ssh')
    .map(({ pid }) => pid);
}

export function kill(pids: readonly number[]): void {
  for (const pid of pids)
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
}

function processes(lab: Lab, host: Host): Process[] {
  return processesOf(lab.name, host.name).flatMap((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const [state = '', parent = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (state === 'Z') return [];
      const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
      const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
      return [{ pid, parent: Number(parent), name, args }];
    } catch {
      return [];
    }
  });
}
