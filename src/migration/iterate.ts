import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { SyncResult } from '../contracts/fs-driver.ts';
import { criuFailure } from '../criu/failure.ts';
import { logNames } from '../criu/log.ts';
import { iterationName, preDumpRequest } from '../criu/requests.ts';
import { pageCounter } from '../criu/stats.ts';
import type { Swrk } from '../criu/swrk.ts';
import type { PageSource, Sending } from '../pages/source.ts';
import { pageBytes } from '../pages/wire.ts';
import type { Iteration } from '../observe/events.ts';
import { converged, pageLimits } from './convergence.ts';
import { PhaulError } from '../errors.ts';
import { predictFreeze, type RoundCost, writtenPages } from './predict.ts';
import { interruptible, type Migration } from './migration.ts';
import type { Plan } from './preflight.ts';
import { criuChoices, type Prepared } from './prepare.ts';
import { watching } from './watching.ts';

/** Everything the freeze needs, started and warm while the container still runs. */
export interface Armed {
  /** CRIU on this host, with the page path as its page socket. */
  readonly swrk: Swrk;
  readonly pages: PageSource;
  /** The stream on which the images will go. */
  readonly images: Duplex;
  readonly directory: string;
  /** Number of the dump to come, and of the iteration it builds upon. */
  readonly iteration: number;
  readonly parent: number | null;
  /** How many pages that dump will send, about; null: nobody knows. */
  readonly expectedPages: number | null;
  readonly iterations: readonly Iteration[];
  /** Counts the pages of the dump to come. */
  readonly countPages: ReturnType<typeof pageCounter>;
}

/**
 * Pre-dumps and fs syncs while the container runs, until another round is not worth it; then arms both hosts for the freeze.
 * Where the kernel does not track memory there are no rounds, and that is said once.
 */
export async function iterate(
  m: Migration,
  plan: Plan,
  { swrk, pages, images, restoreMs }: Prepared,
): Promise<Armed> {
  const { link } = plan;
  const iterations: Iteration[] = [];
  const countPages = pageCounter();
  const { maxIterations: rounds, maxGrowth: growth, downtimeLimit } = m.options;
  const limits = { ...pageLimits, rounds, growth };
  const costs: RoundCost[] = [];
  let tracking = 0;
  let met = false;
  const expected = (): number | null => {
    const count =
      costs.length === 0 ? plan.memory / pageBytes : writtenPages(costs, performance.now() - tracking);
    return count === null ? null : Math.round(count);
  };
  let verdict = plan.preDump ? converged([], limits, inPages) : noIterations(m);
  while (!verdict.stop) {
    const number = iterations.length + 1;
    const began = performance.now();
    const { round, sending } = await watching(
      m,
      pages,
      { iteration: number, expectedPages: expected() },
      () => iteration(m, plan, { swrk, pages }, number, countPages),
    );
    costs.push({
      ...sending,
      pages: round.pages,
      filesMs: round.filesMs,
      trackedMs: number > 1 ? began - tracking : null,
    });
    tracking = began;
    // CRIU tells of the freeze before it dumps only where there is a network to be locked (criu/cr-dump.c, network_lock).
    const filesBeside = (plan.container.networkNamespace ?? null) !== null;
    const predicted = predictFreeze(costs, performance.now() - tracking, filesBeside, restoreMs);
    const predictedFreezeMs = predicted === null ? null : Math.round(predicted);
    iterations.push({ ...round, predictedFreezeMs });
    m.emit({ type: 'iteration', ...round, predictedFreezeMs });
    met = predicted !== null && predicted <= downtimeLimit;
    verdict = met
      ? {
          stop: true,
          reason: `a freeze of ${predictedFreezeMs} ms is expected, and --downtime-limit allows ${downtimeLimit}`,
        }
      : converged(
          iterations.map(({ pages: sent }) => sent),
          limits,
          inPages,
        );
  }
  m.emit({ type: 'decision', reason: verdict.reason });
  if (!met && m.options.onNoConvergence === 'fail') throw noConvergence(m, verdict.reason, iterations.at(-1));

  const last = iterations.length + 1;
  const parent = iterations.length > 0 ? iterations.length : null;
  const directory = await imageDirectory(plan, last);
  await link.call('arm', {});
  return {
    swrk,
    pages,
    images,
    directory,
    iteration: last,
    parent,
    expectedPages: expected(),
    iterations,
    countPages,
  };
}

const inPages = (pages: number): string => `${pages} pages`;

function noIterations(m: Migration): { stop: true; reason: string } {
  const why =
    m.options.preDump === false ? '--no-pre-dump' : "this host's kernel does not track written memory";
  return { stop: true, reason: `no iterations: ${why}, so all memory moves in the freeze` };
}

function noConvergence({ options }: Migration, reason: string, last: Iteration | undefined): PhaulError {
  const expected = last?.predictedFreezeMs ?? null;
  const why = expected === null ? 'how long it would take is not known' : `${expected} ms are expected`;
  const message = `The freeze cannot be kept within ${options.downtimeLimit} ms: ${why} (${reason}).`;
  return new PhaulError('NO_CONVERGENCE', message, { host: 'source' });
}

async function iteration(
  m: Migration,
  plan: Plan,
  { swrk, pages }: Pick<Prepared, 'swrk' | 'pages'>,
  number: number,
  countPages: Armed['countPages'],
): Promise<{ round: Omit<Iteration, 'predictedFreezeMs'>; sending: Sending }> {
  const began = performance.now();
  const parent = number > 1 ? number - 1 : null;
  const directory = await imageDirectory(plan, number);
  pages.begin(number);
  const { pid, dump: settings = {} } = plan.container;
  const answer = await interruptible(
    m,
    swrk.request(preDumpRequest({ directory, pid, settings, choices: criuChoices(m), parent })),
  );
  if (!answer.success) {
    const failure = pages.failure();
    if (failure) throw failure;
    const where = {
      log: join(directory, logNames.preDump),
      migration: m.id,
      name: `pre-dump-${number}`,
      host: 'source',
    } as const;
    throw await criuFailure(
      'CRIU_DUMP',
      `CRIU could not pre-dump the container (iteration ${number}).`,
      where,
    );
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

async function imageDirectory(plan: Plan, number: number): Promise<string> {
  const directory = join(plan.workspace.images, iterationName(number));
  await mkdir(directory, { mode: 0o700 });
  return directory;
}
