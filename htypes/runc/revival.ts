import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DriverContext } from '../../src/contracts/context.ts';
import type { Revival } from '../../src/contracts/htype.ts';
import { asPhaulError, PhaulError } from '../../src/errors.ts';
import { processStart } from '../../src/linux/processes.ts';
import { shellWords } from './shell.ts';
import { readState, type RuncState } from './state.ts';
import type { StopSignal } from './stop-signal.ts';

const lookEveryMs = 5;
const deathMs = 10_000;

/** Stop and start of a container of runc's. @param signal null: the one it wants is not known, which preflight refuses */
export function runcRevival(
  state: RuncState,
  bundle: string,
  signal: StopSignal | null,
  ctx: DriverContext,
): Revival {
  const { id, init_process_pid: pid, init_process_start: born } = state;
  const runc = (...args: string[]): Promise<string> => ctx.run('runc', args, { abortable: false });
  const ended = async (): Promise<boolean> => (await processStart(pid)) !== String(born);
  const endsWithin = async (ms: number): Promise<boolean> => {
    const deadline = performance.now() + ms;
    while (!(await ended())) {
      if (performance.now() > deadline) return false;
      await sleep(lookEveryMs);
    }
    return true;
  };
  return {
    stop: async (graceMs) => {
      if (!signal) throw new PhaulError('INTERNAL', 'A stop signal that preflight refuses.');
      if (await ended()) throw endedByItself(id);
      // It may end by itself in this very moment: then runc fails, and it has ended.
      await runc('kill', id, signal.forRunc).catch(async (error: unknown) => {
        throw (await ended()) ? endedByItself(id) : error;
      });
      if (await endsWithin(graceMs)) return { signal: signal.name, killed: false };
      await runc('kill', id, 'KILL').catch(() => undefined);
      if (await endsWithin(deathMs)) return { signal: signal.name, killed: true };
      throw new PhaulError('STOP_FAILED', `${id} has not ended ${deathMs / 1000} s after SIGKILL.`, {
        host: 'source',
      });
    },
    stillStopped: async () => !(await runs(id)),
    start: async () => {
      if (await runs(id)) return;
      await runc('delete', '--force', id);
      const log = join(ctx.directory, 'runc-start.log');
      await ctx
        .run('runc', ['--log', log, 'run', '-d', '--bundle', bundle, id], { abortable: false, quiet: true })
        .catch(async (cause: unknown) => {
          const said = (await readFile(log, 'utf8').catch(() => '')).trim().split('\n').at(-1);
          throw new PhaulError(
            'DRIVER_FAILED',
            `runc cannot start ${id} again: ${said || asPhaulError(cause).message}`,
            { cause },
          );
        });
    },
    startByHand: `${shellWords('runc', 'delete', id)}; ${shellWords('runc', 'run', '-d', '--bundle', bundle, id)} </dev/null >/dev/null 2>&1`,
  };
}

async function runs(id: string): Promise<boolean> {
  const state = await readState(id).catch(() => null);
  return state !== null && (await processStart(state.init_process_pid)) === String(state.init_process_start);
}

function endedByItself(id: string): PhaulError {
  return new PhaulError('STOP_FAILED', `${id} ended by itself before it was asked to stop.`, {
    host: 'source',
    sourceState: 'stopped',
    hint: 'phaul leaves it as it is. Look why it ended; then start it, and migrate again.',
  });
}
