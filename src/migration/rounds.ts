import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { SyncResult } from '../contracts/fs-driver.ts';
import { writeIrmapCache } from '../criu/irmap-cache.ts';
import { logNames } from '../criu/log.ts';
import { iterationName, preDumpRequest } from '../criu/requests.ts';
import { pageCounter } from '../criu/stats.ts';
import { processTree } from '../linux/processes.ts';
import type { Iteration } from '../observe/events.ts';
import type { Sending } from '../pages/source.ts';
import { pageBytes } from '../pages/wire.ts';
import { converged, type Limits } from './convergence.ts';
import { dumpFailure, dumping } from './dumping.ts';
import { interruptible, type Migration } from './migration.ts';
import { predictFreeze, type RoundCost, writtenPages } from './predict.ts';
import type { Plan } from './preflight.ts';
import { criuChoices, type Prepared } from './prepare.ts';
import { watchedNames } from './watched-names.ts';
import { watching } from './watching.ts';

/** Why no further round follows. */
export interface Stop {
  readonly reason: string;
  /** The freeze to be expected is short enough. */
  readonly met: boolean;
}

/** The rounds of one migration. */
export interface Rounds {
  /** Those that there have been. */
  readonly iterations: readonly Iteration[];
  /**
   * Rounds until another is not worth it, whatever those before were like.
   * @param withinMs no round begins later than that
   */
  readonly drive: (limits: Limits, withinMs?: number) => Promise<Stop>;
  /** How many pages a dump would send now, about; null: nobody knows. */
  readonly expectedPages: () => number | null;
  /** Makes the directory of an iteration's images on the source, with what CRIU is told beforehand in it. */
  readonly imageDirectory: (number: number) => Promise<string>;
  /** Counts the pages of the next dump. */
  readonly countPages: ReturnType<typeof pageCounter>;
}

/** Pre-dumps, each with an fs sync, while the container runs. */
export function memoryRounds(
  m: Migration,
  plan: Plan,
  { swrk, pages, restoreMs }: Pick<Prepared, 'swrk' | 'pages' | 'restoreMs'>,
): Rounds {
  const iterations: Iteration[] = [];
  const countPages = pageCounter();
  const costs: RoundCost[] = [];
  const imageDirectory = imageDirectories(m, plan);
  let tracking = 0;
  const expectedPages = (): number | null => {
    const count =
      costs.length === 0 ? plan.memory / pageBytes : writtenPages(costs, performance.now() - tracking);
    return count === null ? null : Math.round(count);
  };
  /** Gives how long a freeze would take after it, in ms; null: nobody knows. */
  const round = async (): Promise<number | null> => {
    const number = iterations.length + 1;
    const began = performance.now();
    const { round: moved, sending } = await watching(
      m,
      pages,
      { iteration: number, expectedPages: expectedPages() },
      async () =>
        iteration(m, plan, { swrk, pages }, { number, directory: await imageDirectory(number) }, countPages),
    );
    costs.push({
      ...sending,
      pages: moved.pages,
      filesMs: moved.filesMs,
      trackedMs: number > 1 ? began - tracking : null,
    });
    tracking = began;
    // CRIU tells of the freeze before it dumps only where there is a network to be locked (criu/cr-dump.c, network_lock).
    const filesBeside = (plan.container.network ?? null) !== null;
    const predicted = predictFreeze(costs, performance.now() - tracking, filesBeside, restoreMs);
    const predictedFreezeMs = predicted === null ? null : Math.round(predicted);
    iterations.push({ ...moved, predictedFreezeMs });
    m.emit({ type: 'iteration', ...moved, predictedFreezeMs });
    return predictedFreezeMs;
  };
  return {
    iterations,
    imageDirectory,
    countPages,
    expectedPages,
    drive: async (limits, withinMs = Infinity) => {
      const { downtimeLimit } = m.options;
      const began = performance.now();
      const sent: number[] = [];
      for (;;) {
        const verdict = converged(sent, limits, (count) => `${count} pages`);
        if (verdict.stop) return { reason: verdict.reason, met: false };
        if (performance.now() - began > withinMs)
          return { reason: 'the target is ready and cannot wait for more iterations', met: false };
        const freezeMs = await round();
        if (freezeMs !== null && freezeMs <= downtimeLimit) {
          const reason = `a freeze of ${freezeMs} ms is expected, and --downtime-limit allows ${downtimeLimit}`;
          return { reason, met: true };
        }
        sent.push(iterations.at(-1)!.pages);
      }
    },
  };
}

async function iteration(
  m: Migration,
  plan: Plan,
  { swrk, pages }: Pick<Prepared, 'swrk' | 'pages'>,
  { number, directory }: { readonly number: number; readonly directory: string },
  countPages: Rounds['countPages'],
): Promise<{ round: Omit<Iteration, 'predictedFreezeMs'>; sending: Sending }> {
  const began = performance.now();
  const parent = number > 1 ? number - 1 : null;
  pages.begin(number);
  const { pid } = plan.container;
  const settings = plan.dump;
  const request = preDumpRequest({ directory, pid, settings, choices: criuChoices(m), parent });
  const where = { log: join(directory, logNames.preDump), name: `pre-dump-${number}` };
  const answer = await interruptible(m, dumping(m, { swrk, pages, root: pid, request, ...where }));
  if (!answer.success) {
    const message = `CRIU could not pre-dump the container (iteration ${number}).`;
    throw pages.failure() ?? (await dumpFailure(m, where, message));
  }
  const dumpMs = Math.round(performance.now() - began);
  const sending = await interruptible(m, pages.stored(number));
  const counted = await countPages(directory);
  const synced = performance.now();
  const files: SyncResult = await interruptible(
    m,
    plan.files.sync({ final: false, mapped: (await plan.container.mappedFiles?.()) ?? [] }),
  );
  const round = {
    number,
    pages: counted.written,
    skippedPages: counted.skipped,
    fsBytes: files.bytes,
    changedBytes: files.changed,
    files: files.files,
    roundMs: Math.round(performance.now() - began),
    dumpMs,
    filesMs: Math.round(performance.now() - synced),
  };
  return { round, sending };
}

function imageDirectories({ signal }: Migration, { workspace, container }: Plan): Rounds['imageDirectory'] {
  const names = watchedNames(container.pid, signal);
  return async (number) => {
    const directory = join(workspace.images, iterationName(number));
    await mkdir(directory, { mode: 0o700 });
    await writeIrmapCache(directory, (await names(await processTree(container.pid))).found);
    return directory;
  };
}
