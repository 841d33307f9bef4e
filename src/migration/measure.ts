import { probeCriu } from '../criu/probe.ts';
import { driverContext } from '../driver-context.ts';
import { processTree } from '../linux/processes.ts';
import { type WriteRate, writeRate } from '../linux/written-pages.ts';
import type { PlanReport } from '../observe/events.ts';
import { pageBytes } from '../pages/wire.ts';
import { parseDestination } from '../transport/destination.ts';
import { linkRate } from '../transport/link-rate.ts';
import { estimate } from './estimate.ts';
import { fileBytes } from './file-bytes.ts';
import type { Migration } from './migration.ts';
import type { Plan } from './preflight.ts';

const watchMs = 2000;

/** How long it would take, from what can be measured before: a few seconds of looking, in which nothing is moved. What cannot be told is null. */
export async function measure(m: Migration, plan: Plan): Promise<PlanReport['estimate']> {
  const { destination, bandwidthLimit, acceptNewHostKey } = m.options;
  const live = m.options.mode === 'live';
  const ctx = driverContext(plan.workspace.scratch, m.signal, m.say);
  const pids = await processTree(plan.container.pid);
  const [files, written, criuMs] = await Promise.all([
    fileBytes(plan.files.shares, ctx),
    plan.preDump ? writeRate(pids, watchMs, m.signal) : null,
    live ? startUp(m.options.criuPath) : 0,
  ]);
  // By itself: what goes on beside would slow it down.
  const link = await linkRate(parseDestination(destination), { acceptNewHostKey }, m.signal);
  const bytesPerSecond = link && Math.min(link, bandwidthLimit ?? link);
  return {
    files,
    bytesPerSecond: bytesPerSecond && Math.round(bytesPerSecond),
    writtenPerSecond: written && Math.round(written.pagesPerSecond * pageBytes),
    writtenAtLeast: written?.atLeast ?? false,
    ...times(plan, { files, bytesPerSecond, written, criuMs, live }),
  };
}

interface Parts {
  readonly files: number | null;
  readonly bytesPerSecond: number | null;
  readonly written: WriteRate | null;
  readonly criuMs: number;
  readonly live: boolean;
}

function times(
  { memory }: Plan,
  { files, bytesPerSecond, written, criuMs, live }: Parts,
): Pick<PlanReport['estimate'], 'totalMs' | 'freezeMs'> {
  if (files === null || !bytesPerSecond) return { totalMs: null, freezeMs: null };
  // How long the container takes to stop and to start is its own affair.
  if (!live) return { totalMs: Math.round((files * 1000) / bytesPerSecond), freezeMs: null };
  const pagesPerSecond = written?.pagesPerSecond ?? null;
  const { totalMs, freezeMs } = estimate({ memory, files, bytesPerSecond, criuMs, pagesPerSecond });
  return { totalMs: Math.round(totalMs), freezeMs: Math.round(freezeMs) };
}

async function startUp(criuPath: string): Promise<number> {
  const began = performance.now();
  await probeCriu(criuPath);
  return performance.now() - began;
}
