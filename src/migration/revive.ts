import { PhaulError } from '../errors.ts';
import type { Summary } from '../observe/events.ts';
import { commit } from './commit.ts';
import type { Between } from './decided.ts';
import { farewell } from './farewell.ts';
import { iterateFiles } from './iterate-files.ts';
import { act, interruptible, type Migration } from './migration.ts';
import type { Plan } from './preflight.ts';
import { begin, firstCopy } from './prepare.ts';
import { release } from './release.ts';
import { revivalOf, stop } from './stop.ts';
import { summarize } from './summary.ts';
import { nowAsked, takeOver, untilCommitted } from './take-over.ts';

/** Revive mode: only files move; stopped on the source, started on the target. All acts after preflight, in order. */
export async function revive(m: Migration, plan: Plan): Promise<Summary> {
  const { copied } = await act(m, 'prepare', async () => {
    await begin(m, plan);
    return firstCopy(m, plan);
  });
  const iterations = await act(m, 'iterate', () => iterateFiles(m, plan));
  const stopped = await act(m, 'freeze', () => stop(m, plan));
  const [lastSync] = await act(m, 'transfer', () =>
    interruptible(m, Promise.all([stopped.files, plan.devices.settled()])),
  );
  const { stillStopped } = revivalOf(plan);
  const between: Between = {
    held: async () => {
      if (!(await stillStopped())) throw startedBehindOurBack(plan);
    },
    doubt: () => Promise.resolve('stopped'),
  };
  const { pid, downMs, startByHand } = await untilCommitted(m, plan, between, async () => {
    await act(m, 'restore', async () => {
      await takeOver(m, plan, between);
      await Promise.all([nowAsked(m, plan), plan.link.call('ready', {})]);
    });
    return act(m, 'commit', async () => {
      const result = await commit(m, plan, between);
      // The target has watched it for a moment before it answered.
      const freezeMs = Math.round((stopped.downMs() - result.watchedMs) * 10) / 10;
      m.emit(result.pid === null ? { type: 'left-stopped' } : { type: 'running', freezeMs }, 'target');
      return { ...result, downMs: freezeMs };
    });
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
