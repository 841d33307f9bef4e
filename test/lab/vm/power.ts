import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeCgroups } from '../cgroups.ts';
import { hostEnvironment, inCgroups } from '../command.ts';
import { lastWords } from './last-words.ts';
import type { Machine } from './machine.ts';
import { Monitor } from './monitor.ts';
import { qemuCommand } from './qemu.ts';
import { connect } from './ssh.ts';

const patienceMs = 120_000;

/**
 * Starts a machine and opens the connection that its commands go through.
 * @param from where it begins: with its kernel, or as it was when its image was made
 * @returns the PID of its QEMU
 * @throws if it does not come up, with what QEMU, ssh and the machine said
 */
export async function startMachine(machine: Machine, from: 'power-on' | 'image'): Promise<number> {
  const { lab, name, directory } = machine;
  const log = openSync(join(directory, `${name}.log`), 'w');
  const [file = '', ...args] = inCgroups(makeCgroups(lab, name), qemuCommand(machine, from));
  const child = spawn(file, args, { detached: true, env: hostEnvironment, stdio: ['ignore', log, log] });
  closeSync(log);
  child.unref();

  const abort = new AbortController();
  const ended = once(child, 'exit', { signal: abort.signal }).then(() => {
    throw new Error('QEMU has ended');
  });
  try {
    await Promise.race([ended, reach(machine, abort.signal)]);
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw new Error([`${name} did not come up: ${what}`, ...lastWords(machine)].join('\n'), { cause: error });
  } finally {
    abort.abort();
    await ended.catch(() => {});
  }
  return child.pid!;
}

async function reach(machine: Machine, signal: AbortSignal): Promise<void> {
  const path = join(machine.directory, `${machine.name}.monitor`);
  const monitor = await Monitor.connect(path, AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]));
  try {
    while ((await monitor.execute('query-status')).status === 'inmigrate')
      await sleep(20, undefined, { signal });
    await monitor.execute('cont'); // It was stopped when its state was saved.
    const forwards = await monitor.human('info usernet');
    const [, port] = /HOST_FORWARD\S*\s+\d+\s+127\.0\.0\.1\s+(\d+)/.exec(forwards) ?? [];
    if (!port) throw new Error(`${machine.name} forwards no port:\n${forwards}`);
    await connect(machine, Number(port), patienceMs, signal);
  } finally {
    monitor.close();
  }
}
