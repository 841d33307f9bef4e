import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DriverContext } from '../../src/contracts/context.ts';
import type { Revival } from '../../src/contracts/htype.ts';
import { asPhaulError, PhaulError } from '../../src/errors.ts';
import { processStart } from '../../src/linux/processes.ts';
import { type Item, valueOf } from './config.ts';
import { askLxc, ends } from './info.ts';

const deathSeconds = 10;

/** Stop and start of a container of LXC's. @param pid its first process */
export function lxcRevival(name: string, pid: number, items: readonly Item[], ctx: DriverContext): Revival {
  const born = processStart(pid);
  const ended = async (): Promise<boolean> => (await processStart(pid)) !== (await born);
  const stops = (...args: string[]): Promise<boolean> =>
    ctx
      .attempt('lxc-stop', ['-n', name, ...args], { abortable: false })
      .then(async ({ exitCode }) => exitCode === 0 && (await ends(name, deathSeconds, ctx)));
  return {
    stop: async (graceMs) => {
      if (await ended()) throw endedByItself(name);
      const signal = await haltSignal(pid, items);
      const grace = String(Math.max(1, Math.ceil(graceMs / 1000)));
      if (await stops('--nokill', '-t', grace)) return { signal, killed: false };
      if (await stops('-k')) return { signal, killed: true };
      throw new PhaulError('STOP_FAILED', `${name} has not ended ${deathSeconds} s after SIGKILL.`, {
        host: 'source',
      });
    },
    stillStopped: async () => (await askLxc(name, ctx)).state === 'STOPPED',
    start: async () => {
      if ((await askLxc(name, ctx)).state === 'RUNNING') return;
      await startLxc(name, ctx).catch((cause: unknown) => {
        const message = `LXC cannot start ${name} again: ${asPhaulError(cause).message}`;
        throw new PhaulError('DRIVER_FAILED', message, { cause });
      });
    },
    startByHand: startByHand(name),
  };
}

/** The shell command that starts it; fails as long as it runs, which `lxc-start` by itself does not. */
export const startByHand = (name: string): string =>
  `[ "$(lxc-info -n ${name} -s -H)" = STOPPED ] && lxc-start -n ${name}`;

/** A file that is locked until LXC has started the container, whatever becomes of phaul. */
export const startLock = ({ directory }: DriverContext): string => join(directory, 'start');

/** Gives the pid of its first process. @throws why not */
export async function startLxc(name: string, ctx: DriverContext): Promise<number> {
  // Locked by flock itself: LXC's monitor lives on.
  await ctx.run('flock', ['-o', startLock(ctx), 'lxc-start', '-n', name], { abortable: false });
  const { state, pid } = await askLxc(name, ctx);
  if (state !== 'RUNNING' || pid === null)
    throw new PhaulError('DRIVER_FAILED', `it is ${state?.toLowerCase() ?? 'unknown'} after its start.`);
  return pid;
}

const realTime3 = 37;

/** As LXC chooses it (src/lxc/lxccontainer.c, do_lxcapi_shutdown): what the configuration says, or what an init of systemd's waits for. */
async function haltSignal(pid: number, items: readonly Item[]): Promise<string> {
  const said = valueOf(items, 'lxc.signal.halt');
  if (said !== null) return /^\d+$/.test(said) ? `signal ${said}` : said.toUpperCase();
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const blocked = BigInt(`0x${/^SigBlk:\s+([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  return (blocked >> BigInt(realTime3 - 1)) & 1n ? 'SIGRTMIN+3' : 'SIGPWR';
}

function endedByItself(name: string): PhaulError {
  return new PhaulError('STOP_FAILED', `${name} ended by itself before it was asked to stop.`, {
    host: 'source',
    sourceState: 'stopped',
    hint: 'phaul leaves it as it is. Look why it ended; then start it, and migrate again.',
  });
}
