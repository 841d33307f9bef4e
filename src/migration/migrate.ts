import { asPhaulError, PhaulError } from '../errors.ts';
import { emitter, type Listener } from '../observe/emitter.ts';
import type { PlanReport, Result, Summary } from '../observe/events.ts';
import { attended, unattended } from './attended.ts';
import { changedOptions } from './changed-options.ts';
import type { Ended } from './ended.ts';
import { newMigrationId } from './link.ts';
import { act, interruptible, type Migration, newMigration } from './migration.ts';
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
 * @param user aborted when the user wants it to stop; without effect after the commit.
 */
export function migrate(
  options: MigrateOptions,
  listeners: readonly Listener[],
  user: AbortSignal,
): Promise<Ended<Summary>> {
  return play(options, listeners, user, {
    thorough: false,
    rest: (m, plan) => courses[options.mode](m, plan),
    result: (summary) => ({ type: 'result', ok: true, ...summary }),
    attend: attended,
  });
}

/** Preflight alone: says what would refuse the migration, and touches nothing. Never throws. */
export function rehearse(
  options: MigrateOptions,
  listeners: readonly Listener[],
  user: AbortSignal,
): Promise<Ended<PlanReport>> {
  return play(options, listeners, user, {
    thorough: true,
    rest: async (m, plan) => {
      await interruptible(m, plan.forecast.settled());
      plan.link.close();
      await m.undo.unwind();
      m.journal?.remove();
      const { memory, htype, preDump, lazy, hosts } = plan;
      const { mode } = options;
      const files = fileReports(plan);
      const devices = plan.devices.names;
      return {
        mode,
        htype,
        files,
        devices,
        memory,
        preDump,
        lazy,
        hosts,
        estimate: plan.forecast.end(memory),
        target: plan.link.host,
      };
    },
    result: (plan) => ({ type: 'result', ok: true, plan }),
    attend: () => unattended,
  });
}

interface Play<T> {
  /** As of preflight. */
  readonly thorough: boolean;
  /** All acts after preflight. */
  readonly rest: (m: Migration, plan: Plan) => Promise<T>;
  readonly result: (value: T) => Result;
  readonly attend: typeof attended;
}

async function play<T>(
  options: MigrateOptions,
  listeners: readonly Listener[],
  user: AbortSignal,
  { thorough, rest, result, attend }: Play<T>,
): Promise<Ended<T>> {
  const id = newMigrationId();
  const company = attend(id, () => {
    m.abort(new PhaulError('CANCELLED', 'Ended by phaul cancel.'));
    return !m.committed;
  });
  const emit = emitter(id, [...listeners, ...company.listeners]);
  const m: Migration = newMigration(id, options, emit, user, company.onBegun);
  const { container, destination: target, mode } = options;
  m.emit({ type: 'start', container, target, mode, options: changedOptions(options) });
  let plan: Plan | null = null;
  try {
    plan = await act(m, 'preflight', () => preflight(m, { thorough }));
    const value = await rest(m, plan);
    m.emit(result(value));
    return { ok: true, value };
  } catch (thrown) {
    const failed = asPhaulError(thrown);
    const { act } = failed.details;
    const first =
      m.signal.aborted && failed.code !== 'IN_DOUBT'
        ? asPhaulError(m.signal.reason).with(act === undefined ? {} : { act })
        : failed;
    const error = await rollback(m, first, plan?.link ?? null);
    m.emit({ type: 'result', ok: false, error: report(error) });
    return { ok: false, error };
  } finally {
    m.unlock();
    await company.over();
  }
}
