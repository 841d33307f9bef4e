import type { SyncResult } from '../contracts/fs-driver.ts';
import type { Revival, Stop } from '../contracts/htype.ts';
import { asPhaulError, PhaulError } from '../errors.ts';
import { step } from '../step.ts';
import { interruptible, journalOf, type Migration } from './migration.ts';
import type { Plan } from './preflight.ts';
import { standstill } from './standstill.ts';

/** The container is stopped on the source, and can be started there again. */
export interface Stopped {
  readonly stop: Stop & { readonly stopMs: number };
  /** Milliseconds since its last process ended. */
  readonly downMs: () => number;
  /** The final fs sync, under way since it ended. */
  readonly files: Promise<SyncResult>;
}

/**
 * Revive mode's freeze: a person's stop; then the devices are let go of, and beside that the final fs sync begins. The undo starts the
 * container again.
 */
export async function stop(m: Migration, plan: Plan): Promise<Stopped> {
  const revival = revivalOf(plan);
  const mapped = (await plan.container.mappedFiles?.()) ?? [];
  const withdraw = journalOf(m).will('undone', '/bin/sh', ['-c', patiently(revival.startByHand, m)]);
  const began = performance.now();
  step('stops');
  const stopping = revival.stop(m.options.stopTimeout * 1000);
  m.undo.push('the stop', async () => {
    await startAgain(m, plan, stopping);
    withdraw();
  });
  const stopped = await interruptible(
    m,
    stopping.catch((error: unknown) => {
      m.sourceState = asPhaulError(error).details.sourceState ?? 'unknown';
      throw error;
    }),
  );
  step('has stopped');
  const { ms: downMs } = standstill(m);
  m.sourceState = 'stopped';
  const stopMs = Math.round(performance.now() - began);
  m.emit({ type: 'stopped', ...stopped, stopMs });
  const files = plan.files.sync({ final: true, mapped });
  files.catch(() => undefined);
  await plan.devices.freeze();
  return { stop: { ...stopped, stopMs }, downMs, files };
}

/** Again and again until it succeeds: the container may be about to end, as it has been asked to. One that goes on running is left alone. */
function patiently(command: string, { options }: Migration): string {
  const tries = Math.ceil(options.stopTimeout + 10) * 10;
  return `n=0; until (${command}); do n=$((n+1)); [ $n -lt ${tries} ] || exit 1; sleep 0.1; done`;
}

export function revivalOf({ container, htype }: Plan): Revival {
  if (container.revive) return container.revive;
  throw new PhaulError('INTERNAL', `The htype ${htype} promises to revive and cannot.`);
}

/**
 * A stop that is under way is not turned back: it is heard out, and then the container starts, unless it still runs. So it does after a stop that failed, which may
 * have ended it all the same. One that ended by itself stays so.
 */
async function startAgain(m: Migration, plan: Plan, stopping: Promise<Stop>): Promise<void> {
  const failed = await stopping.then(
    () => null,
    (error: unknown) => asPhaulError(error),
  );
  if (failed?.details.sourceState === 'stopped') return;
  if (!failed) m.sourceState = 'stopped';
  // It must not start without its devices: if this fails, whoever gets them back starts it (journal/guard.ts).
  await plan.devices.abort();
  const revival = revivalOf(plan);
  await revival.start().catch((cause: unknown) => {
    const { message } = asPhaulError(cause);
    throw new PhaulError('DRIVER_FAILED', `${message} Start it by hand: ${revival.startByHand}`, { cause });
  });
  if (!failed) m.sourceState = 'running';
}
