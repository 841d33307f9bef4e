import { PhaulError } from '../errors.ts';
import type { Summary } from '../observe/events.ts';
import { commit } from './commit.ts';
import { farewell } from './farewell.ts';
import { iterateFiles } from './iterate-files.ts';
import { act, interruptible, journalOf, type Migration } from './migration.ts';
import type { Plan } from './preflight.ts';
import { begin, firstCopy } from './prepare.ts';
import { release } from './release.ts';
import { revivalOf, stop } from './stop.ts';
import { summarize } from './summary.ts';

/** Revive mode: only files move; stopped on the source, started on the target. All acts after preflight, in order. */
export async function revive(m: Migration, plan: Plan): Promise<Summary> {
  const { link } = plan;
  const copied = await act(m, 'prepare', async () => {
    await begin(m, plan);
    return firstCopy(m, plan);
  });
  const iterations = await act(m, 'iterate', () => iterateFiles(m, plan));
  const stopped = await act(m, 'freeze', () => stop(m, plan));
  const lastSync = await act(m, 'transfer', () => interruptible(m, stopped.files));
  await act(m, 'restore', () => Promise.all([journalOf(m).record('asked'), link.call('ready', {})]));
  const { pid, downMs, startByHand } = await act(m, 'commit', async () => {
    const { stillStopped } = revivalOf(plan);
    const result = await commit(m, plan, {
      held: async () => {
        if (!(await stillStopped())) throw startedBehindOurBack(plan);
      },
      doubt: () => Promise.resolve('stopped'),
    });
    // The target has watched it for a moment before it answered.
    const downMs = Math.round((stopped.downMs() - result.watchedMs) * 10) / 10;
    m.emit(result.pid === null ? { type: 'left-stopped' } : { type: 'running', freezeMs: downMs }, 'target');
    return { ...result, downMs };
  });
  await act(m, 'release', () => release(m, plan, () => Promise.resolve()));
  await farewell(m, plan);
  return summarize(m, plan, {
    iterations,
    freezeMs: downMs,
    pages: 0,
    images: 0,
    copied,
    filled: null,
    lastSync,
    pid,
    stop: stopped.stop,
    startWith: startByHand,
  });
}

function startedBehindOurBack({ container }: Plan): PhaulError {
  return new PhaulError(
    'STOP_FAILED',
    `Somebody else has started ${container.description.id} again on the source while it was being moved.`,
    { host: 'source', hint: 'Find out who restarts it (a supervisor, a unit), and stop that first.' },
  );
}
