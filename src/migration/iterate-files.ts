import type { Iteration } from '../observe/events.ts';
import { sized } from '../observe/amounts.ts';
import { converged, fileLimits } from './convergence.ts';
import { interruptible, type Migration } from './migration.ts';
import type { Plan } from './preflight.ts';

/** Revive mode's iterations: fs syncs while the container runs, until another round is not worth it. */
export async function iterateFiles(m: Migration, plan: Plan): Promise<Iteration[]> {
  const { maxIterations: rounds, maxGrowth: growth, enough } = m.options;
  const limits = { ...fileLimits, rounds, growth, enough };
  const iterations: Iteration[] = [];
  let verdict = converged([], limits, sized);
  while (!verdict.stop) {
    const round = await iteration(m, plan, iterations.length + 1);
    iterations.push(round);
    m.emit({ type: 'iteration', ...round });
    verdict = converged(
      iterations.map(({ changedBytes }) => changedBytes),
      limits,
      sized,
    );
  }
  m.emit({ type: 'decision', reason: verdict.reason });
  return iterations;
}

async function iteration(m: Migration, plan: Plan, number: number): Promise<Iteration> {
  const began = performance.now();
  const mapped = (await plan.container.mappedFiles?.()) ?? [];
  const { bytes, changed, files } = await interruptible(m, plan.files.sync({ final: false, mapped }));
  const roundMs = Math.round(performance.now() - began);
  return {
    number,
    pages: 0,
    skippedPages: 0,
    fsBytes: bytes,
    changedBytes: changed,
    files,
    roundMs,
    dumpMs: 0,
    filesMs: roundMs,
    predictedFreezeMs: null,
  };
}
