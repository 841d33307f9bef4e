import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DriverContext } from '../../src/contracts/context.ts';
import type { Revival } from '../../src/contracts/htype.ts';
import { asPhaulError, PhaulError } from '../../src/errors.ts';
import { processStart } from '../../src/linux/processes.ts';
import { logTo, saidIn } from './log.ts';
import type { OciRuntime, OciState } from './runtime.ts';
import { shellWords } from './shell.ts';
import type { StopSignal } from './stop-signal.ts';
import { cgroupOption } from './systemd.ts';

const lookEveryMs = 5;
const deathMs = 10_000;

/** Stop and start of a container by its runtime. @param signal null: the one it wants is not known, which preflight refuses */
export function ociRevival(
  runtime: OciRuntime,
  state: OciState,
  signal: StopSignal | null,
  ctx: DriverContext,
): Revival {
  const { name } = runtime;
  const { id, pid, born, bundle } = state;
  const run = [...cgroupOption(state.systemd), 'run', '-d', '--bundle', bundle, id];
  const does = (...args: string[]): Promise<string> => ctx.run(name, args, { abortable: false });
  const ended = async (): Promise<boolean> => (await processStart(pid)) !== born;
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
      // It may end by itself in this very moment: then the runtime fails, and it has ended.
      await does('kill', id, signal.forRuntime).catch(async (error: unknown) => {
        throw (await ended()) ? endedByItself(id) : error;
      });
      if (await endsWithin(graceMs)) return { signal: signal.name, killed: false };
      await does('kill', id, 'KILL').catch(() => undefined);
      if (await endsWithin(deathMs)) return { signal: signal.name, killed: true };
      throw new PhaulError('STOP_FAILED', `${id} has not ended ${deathMs / 1000} s after SIGKILL.`, {
        host: 'source',
      });
    },
    stillStopped: async () => !(await runs(runtime, id)),
    start: async () => {
      if (await runs(runtime, id)) return;
      await does('delete', '--force', id);
      const log = join(ctx.directory, 'start.log');
      await ctx
        .run(name, [...logTo(log), ...run], { abortable: false, quiet: true })
        .catch(async (cause: unknown) => {
          const said = await saidIn(log);
          throw new PhaulError(
            'DRIVER_FAILED',
            `${name} cannot start ${id} again: ${said ?? asPhaulError(cause).message}`,
            { cause },
          );
        });
    },
    startByHand: `${shellWords(name, 'delete', id)}; ${shellWords(name, ...run)} </dev/null >/dev/null 2>&1`,
  };
}

async function runs(runtime: OciRuntime, id: string): Promise<boolean> {
  const state = await runtime.readState(id).catch(() => null);
  return state !== null && (await processStart(state.pid)) === state.born;
}

function endedByItself(id: string): PhaulError {
  return new PhaulError('STOP_FAILED', `${id} ended by itself before it was asked to stop.`, {
    host: 'source',
    sourceState: 'stopped',
    hint: 'phaul leaves it as it is. Look why it ended; then start it, and migrate again.',
  });
}
