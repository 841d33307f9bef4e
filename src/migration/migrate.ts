import { asPhaulError } from '../errors.ts';
import { emitter, type Listener } from '../observe/emitter.ts';
import type { Result } from '../observe/events.ts';
import { newMigrationId } from './link.ts';
import { act, type Migration, newMigration } from './migration.ts';
import { live } from './live.ts';
import { revive } from './revive.ts';
import type { MigrateOptions } from './options.ts';
import { type Plan, preflight } from './preflight.ts';
import { report } from './report.ts';
import { rollback } from './rollback.ts';
import { fileReports } from './summary.ts';

const courses = { live, revive } as const;

/**
 * Moves a container. Never throws: whatever happens is the result, which is also the last event.
 * @param user aborted when the user wants it to stop, with a PhaulError as the reason; without effect after the commit.
 */
export function migrate(
  options: MigrateOptions,
  listeners: readonly Listener[],
  user: AbortSignal,
): Promise<Result> {
  return play(options, listeners, user, async (m, plan) => ({
    type: 'result',
    ok: true,
    ...(await courses[options.mode](m, plan)),
  }));
}

/** Preflight alone: says what would refuse the migration, and touches nothing. Never throws. */
export function rehearse(
  options: MigrateOptions,
  listeners: readonly Listener[],
  user: AbortSignal,
): Promise<Result> {
  return play(options, listeners, user, async (m, plan) => {
    plan.link.close();
    await m.undo.unwind();
    m.journal?.remove();
    const { memory, htype, preDump, lazy } = plan;
    const { mode } = options;
    const files = fileReports(plan);
    const devices = plan.devices.names;
    return {
      type: 'result',
      ok: true,
      plan: { mode, htype, files, devices, memory, preDump, lazy, target: plan.link.host },
    };
  });
}

async function play(
  options: MigrateOptions,
  listeners: readonly Listener[],
  user: AbortSignal,
  rest: (m: Migration, plan: Plan) => Promise<Result>,
): Promise<Result> {
  const id = newMigrationId();
  const m = newMigration(id, options, emitter(id, listeners), user);
  m.emit({ type: 'start', container: options.container, target: options.destination, mode: options.mode });
  let plan: Plan | null = null;
  try {
    plan = await act(m, 'preflight', () => preflight(m));
    const result = await rest(m, plan);
    m.emit(result);
    return result;
  } catch (thrown) {
    const error = asPhaulError(thrown);
    const { act } = error.details;
    const first =
      m.signal.aborted && error.code !== 'IN_DOUBT'
        ? asPhaulError(m.signal.reason).with(act === undefined ? {} : { act })
        : error;
    const undone = await rollback(m, first, plan?.link ?? null);
    const failure = report(undone.error, undone.notUndone);
    const result: Result = { type: 'result', ok: false, error: failure };
    m.emit(result);
    return result;
  }
}
