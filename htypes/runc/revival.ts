import { readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DriverContext } from '../../src/contracts/context.ts';
import type { Revival } from '../../src/contracts/htype.ts';
import { asPhaulError, PhaulError } from '../../src/errors.ts';
import { processStart } from '../../src/linux/processes.ts';
import { shellWords } from './shell.ts';
import { readState, type RuncState } from './state.ts';

const lookEveryMs = 5;
const deathMs = 10_000;

/** Stop and start of a container of runc's. */
export function runcRevival(state: RuncState, bundle: string, ctx: DriverContext): Revival {
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
      const signal = await stopSignal(bundle);
      if (await ended()) throw endedByItself(id);
      // It may end by itself in this very moment: then runc fails, and it has ended.
      await runc('kill', id, signal).catch(async (error: unknown) => {
        throw (await ended()) ? endedByItself(id) : error;
      });
      if (await endsWithin(graceMs)) return { signal, killed: false };
      await runc('kill', id, 'KILL').catch(() => undefined);
      if (await endsWithin(deathMs)) return { signal, killed: true };
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
    removeByHand: shellWords('runc', 'delete', id),
  };
}

async function runs(id: string): Promise<boolean> {
  const state = await readState(id).catch(() => null);
  return state !== null && (await processStart(state.init_process_pid)) === String(state.init_process_start);
}

function endedByItself(id: string): PhaulError {
  return new PhaulError('CONTAINER_STATE', `${id} ended by itself before it was asked to stop.`, {
    host: 'source',
  });
}

// Where image builders note it (the image spec's pre-defined annotation keys).
const annotation = 'org.opencontainers.image.stopSignal';

/** The signal that the container's image wants to be stopped with; SIGTERM if it does not say. */
async function stopSignal(bundle: string): Promise<string> {
  const text = await readFile(join(bundle, 'config.json'), 'utf8').catch(() => '{}');
  const { annotations } = JSON.parse(text) as { annotations?: Record<string, string> };
  const said = annotations?.[annotation];
  if (said === undefined) return 'SIGTERM';
  const name = Object.keys(constants.signals).find(
    (each) =>
      each === said || each === `SIG${said}` || String(constants.signals[each as NodeJS.Signals]) === said,
  );
  if (name === undefined)
    throw new PhaulError('STOP_FAILED', `The container's stop signal ${JSON.stringify(said)} is unknown.`, {
      host: 'source',
    });
  return name;
}
