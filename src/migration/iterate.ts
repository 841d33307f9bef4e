import type { Duplex } from 'node:stream';
import type { Swrk } from '../criu/swrk.ts';
import { PhaulError } from '../errors.ts';
import type { Iteration } from '../observe/events.ts';
import type { PageSource } from '../pages/source.ts';
import { armTarget } from './arm.ts';
import { pageLimits } from './convergence.ts';
import { interruptible, type Migration } from './migration.ts';
import type { Plan } from './preflight.ts';
import type { Prepared } from './prepare.ts';
import { memoryRounds, type Rounds, type Stop } from './rounds.ts';

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
  readonly countPages: Rounds['countPages'];
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
  const rounds = memoryRounds(m, plan, { swrk, pages, restoreMs });
  const { maxIterations, maxGrowth: growth } = m.options;
  const limits = { ...pageLimits, rounds: maxIterations, growth };
  const { iterations } = rounds;
  /** @throws NO_CONVERGENCE if the user rather stays than stands still for too long */
  const mayGo = ({ met, reason }: Stop): void => {
    if (!met && m.options.onNoConvergence === 'fail') throw noConvergence(m, reason, iterations.at(-1));
  };
  const stop = plan.preDump ? await rounds.drive(limits) : noIterations(m);
  m.emit({ type: 'decision', reason: stop.reason });
  mayGo(stop);
  mayGo(await armTarget(rounds, () => plan.link.call('arm', {}), limits, stop));

  const last = iterations.length + 1;
  const parent = iterations.length > 0 ? iterations.length : null;
  const directory = await rounds.imageDirectory(last);
  await interruptible(m, plan.devices.quiet({ connections: m.options.tcp }));
  return {
    swrk,
    pages,
    images,
    directory,
    iteration: last,
    parent,
    expectedPages: rounds.expectedPages(),
    iterations,
    countPages: rounds.countPages,
  };
}

function noIterations(m: Migration): Stop {
  const why =
    m.options.preDump === false ? '--no-pre-dump' : "this host's kernel does not track written memory";
  return { met: false, reason: `no iterations: ${why}, so all memory moves in the freeze` };
}

function noConvergence({ options }: Migration, reason: string, last: Iteration | undefined): PhaulError {
  const expected = last?.predictedFreezeMs ?? null;
  const why = expected === null ? 'how long it would take is not known' : `${expected} ms are expected`;
  const message = `The freeze cannot be kept within ${options.downtimeLimit} ms: ${why} (${reason}).`;
  return new PhaulError('NO_CONVERGENCE', message, { host: 'source' });
}
