import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeCgroups } from '../cgroups.ts';
import { hostEnvironment, inCgroups, start } from '../command.ts';
import type { Machine, VmName } from './machine.ts';

/**
 * Opens the connection to a machine's sshd that all its commands share: a new one takes most of a second there. The
 * client stays in the machine's cgroups and dies with it.
 * @param port on 127.0.0.1
 * @throws if sshd is not reached within `patienceMs`, or after the signal
 */
export async function connect(
  { lab, name, image, directory }: Machine,
  port: number,
  patienceMs: number,
  signal: AbortSignal,
): Promise<void> {
  const options = [
    'BatchMode=yes',
    'ConnectTimeout=10',
    `HostKeyAlias=${name}`,
    `UserKnownHostsFile=${join(image, 'known_hosts')}`,
    `IdentityFile=${join(image, 'key')}`,
  ].flatMap((option) => ['-o', option]);
  const master = ['-M', '-N', '-f', '-S', controlSocket(directory, name), '-p', String(port)];
  const ssh = ['ssh', '-F', 'none', ...master, ...options, 'root@127.0.0.1'];
  // In the background it would keep our pipes open.
  const quiet = ['sh', '-c', '"$@" </dev/null >/dev/null 2>"$0"', join(directory, `${name}.ssh.log`), ...ssh];
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const argv = inCgroups(makeCgroups(lab, name), quiet);
    const { exitCode } = await start(argv, 'ssh', { check: false }).result;
    if (exitCode === 0) return;
    if (Date.now() > deadline) throw new Error('its sshd does not answer');
    await sleep(100, undefined, { signal });
  }
}

/** The argument vector that runs shell text on a machine, over the connection that is there. */
export function overSsh(directory: string, name: VmName, script: string, terminal = false): string[] {
  const options = ['-o', 'ProxyCommand=false', '-o', 'LogLevel=ERROR', terminal ? '-t' : '-T'];
  return ['ssh', '-F', 'none', '-S', controlSocket(directory, name), ...options, name, script];
}

/** A command as shell text, each word quoted. */
export function shellText(argv: readonly string[]): string {
  return argv.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
}

/** What makes a command begin with the environment of every command on a host. */
export const cleanEnvironment: readonly string[] = [
  'env',
  '-i',
  ...Object.entries(hostEnvironment).map(([key, value]) => `${key}=${value}`),
];

function controlSocket(directory: string, name: VmName): string {
  return join(directory, `${name}.ssh`);
}
