import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import type { DeviceSettings } from '../../src/config.ts';
import type { RunEnd } from '../../src/contracts/context.ts';
import type { DeviceContext } from '../../src/contracts/device.ts';
import { PhaulError, type HostRole, type Refusal } from '../../src/errors.ts';
import { lastLine } from '../../src/run.ts';

export type Step = 'check' | 'begin' | 'transfer' | 'undo' | 'done';

/** The executable of one type of device, on one host. */
export interface Executable {
  /** Stage 0: what it says against it. */
  readonly check: () => Promise<Refusal[]>;
  /** @throws DRIVER_FAILED with the exit code and its last line of stderr, or because it took too long; CANCELLED */
  readonly step: (step: Exclude<Step, 'check'>) => Promise<void>;
  /** Writes down a step for the case that phaul is killed. Gives what withdraws it. */
  readonly ifKilled: (step: 'undo' | 'done') => () => void;
}

// $1: the lock. Its directory may be gone since the host has started again.
const withLock = 'mkdir -p "${1%/*}"; shift; exec "$@"';

export function executable(
  type: string,
  { command, 'time-limit': limit }: DeviceSettings,
  direction: 'out' | 'in',
  ctx: DeviceContext,
): Executable {
  const host: HostRole = direction === 'out' ? 'source' : 'target';
  const { peer, container, mode } = ctx.move;
  const call = (step: Step): string[] => [
    command,
    `--type=${type}`,
    `--step=${step}`,
    `--host=${peer}`,
    `--container=${container}`,
    `--mode=${mode}`,
    `--direction=${direction}`,
  ];
  // If phaul is killed in the middle of a step, nobody kills that: what undoes it waits for its end, which is not far (flock(1): whatever the step has
  // started holds the lock, too).
  const lock = join(ctx.directory, `external-${type}`);
  const limited = ['timeout', '--signal=KILL', String(limit + 1)];
  const locked = ['flock', '--no-fork', '--wait', String(limit), lock, ...limited];
  const run = async (argv: readonly string[], abortable: boolean): Promise<RunEnd> => {
    const [program = '', ...args] = argv;
    const end = await ctx.attempt(program, args, { abortable, limitMs: limit * 1000 });
    for (const line of end.stderr.split('\n')) if (line.trim() !== '') ctx.log(`${type}: ${line}`);
    return end;
  };
  return {
    check: async () => {
      const missing = await access(command, constants.X_OK).then(
        () => null,
        ({ code }: NodeJS.ErrnoException) => code,
      );
      if (missing) {
        const message = `The device ${type} needs ${command}, which cannot be run (${missing}).`;
        const hint = 'Install it, or correct the path in /etc/phaul/phaul.toml.';
        return [{ code: 'TOOL_MISSING', message, hint, host }];
      }
      const why = failureOf(await run([...limited, ...call('check')], true), limit);
      if (why === null) return [];
      const message = `The device ${type} cannot be moved: ${command} ${why}`;
      return [{ code: 'DEVICE_REFUSED', message, hint: 'The program has the last word; ask it.', host }];
    },
    step: async (step) => {
      const why = failureOf(
        await run([...locked, ...call(step)], step === 'begin' || step === 'transfer'),
        limit,
      );
      if (why !== null)
        throw new PhaulError('DRIVER_FAILED', `${command} --step=${step} --direction=${direction} ${why}`);
    },
    ifKilled: (step) => {
      const args = ['-c', withLock, 'sh', lock, ...locked, ...call(step)];
      return ctx.ifKilled('sh', args, step === 'undo' ? 'undone' : 'moved', { must: step === 'undo' });
    },
  };
}

/** Null: it succeeded. */
function failureOf({ exitCode, signal, expired, stderr }: RunEnd, limit: number): string | null {
  if (expired)
    return `did not end within ${limit} s (time-limit); it was killed, with all that it had started.`;
  if (exitCode === 0) return null;
  const how = exitCode === null ? `was killed by ${signal}` : `ended with exit code ${exitCode}`;
  const last = lastLine(stderr).replace(/\.$/, '');
  return last === '' ? `${how}.` : `${how}: ${last}.`;
}
