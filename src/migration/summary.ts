import type { Act } from '../acts.ts';
import type { SyncResult } from '../contracts/fs-driver.ts';
import type { EstimateReport, Iteration, Summary } from '../observe/events.ts';
import type { Migration } from './migration.ts';
import type { Plan } from './preflight.ts';

const pageSize = 4096;

interface Outcome {
  readonly estimate: EstimateReport;
  readonly iterations: readonly Iteration[];
  readonly freezeMs: number;
  /** Sent in the freeze and before it. */
  readonly pages: number;
  /** Bytes. */
  readonly images: number;
  /** The first copy of the files, and the last. */
  readonly copied: SyncResult;
  readonly lastSync: SyncResult;
  readonly filled: Summary['fill'];
  readonly pid: number | null;
  readonly stop: Summary['stop'];
  readonly startWith: string | null;
}

/** A migration that succeeded, as users and programs see it. */
export function summarize(m: Migration, plan: Plan, outcome: Outcome): Summary {
  const { estimate, iterations, freezeMs, pages, images, copied, lastSync, filled, pid, stop, startWith } =
    outcome;
  return {
    container: plan.container.description.id,
    source: plan.sourceHost,
    target: plan.link.host,
    mode: m.options.mode,
    htype: plan.htype,
    files: fileReports(plan),
    acts: m.acts,
    estimate,
    movingMs: movingMs(m),
    stop,
    freezeMs: Math.round(freezeMs * 10) / 10,
    predictedFreezeMs: iterations.at(-1)?.predictedFreezeMs ?? null,
    iterations,
    pages,
    bytes: {
      mem: pages * pageSize,
      images,
      fs: iterations.reduce((sum, each) => sum + each.fsBytes, copied.bytes + lastSync.bytes),
      firstCopy: copied.bytes,
      lastSync: lastSync.bytes,
    },
    fill: filled && filled.pages > 0 ? filled : null,
    pid,
    startWith,
    warnings: m.warnings,
  };
}

const moving: readonly Act[] = ['prepare', 'iterate', 'freeze', 'transfer', 'restore', 'commit'];

function movingMs({ acts }: Migration): number {
  const all = acts.filter(({ act }) => moving.includes(act)).reduce((sum, { ms }) => sum + ms, 0);
  return Math.round(all * 10) / 10;
}

/** Which fs driver moves what, and why. */
export function fileReports({ files }: Pick<Plan, 'files'>): Summary['files'] {
  return files.shares.map(({ driver, trees, reason }) => ({
    driver,
    trees: trees.map(({ source }) => source),
    reason,
  }));
}
