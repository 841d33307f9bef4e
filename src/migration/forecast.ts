import { setTimeout as sleep } from 'node:timers/promises';
import { probeCriu } from '../criu/probe.ts';
import { deferred } from '../deferred.ts';
import { type WriteRate, writeRate } from '../linux/written-pages.ts';
import type { EstimateReport } from '../observe/events.ts';
import { pageBytes } from '../pages/wire.ts';
import { gaugeLink, type LinkGauge } from '../transport/link-rate.ts';
import { estimate } from './estimate.ts';
import type { Demand } from './files.ts';
import type { MigrateOptions } from './options.ts';

/** Measures beside preflight what an estimate needs. Nobody waits for it, but a dry run. */
export interface Forecast {
  /** The connection is there. @param login as of Transport */
  readonly linked: (login: readonly string[] | null) => void;
  /** What the files ask of the target is being found out. Gives what is known of it. */
  readonly demanded: (demands: Promise<readonly (Demand | null)[]>) => Promise<Demand[]>;
  /** The kernel tracks what these processes write. */
  readonly tracked: (pids: readonly number[]) => void;
  /** Preflight is over: from here the link is for the migration alone; or if the forecast is patient for what measures it. */
  readonly alone: () => void;
  /** All that can be measured has been. */
  readonly settled: () => Promise<void>;
  /** Ends it: what is not known by now stays unknown. @param memory resident, in bytes */
  readonly end: (memory: number) => EstimateReport;
}

interface Parts {
  readonly files: number | null;
  readonly bytesPerSecond: number | null;
  readonly written: WriteRate | null;
  readonly criuMs: number | null;
}

const watchMs = 2000;
// A portion's, in ms: see gaugeLink.
const enoughMs = 400;

/** @param patient nothing is to follow: seconds may be spent */
export function beginForecast(
  options: Pick<MigrateOptions, 'mode' | 'criuPath' | 'bandwidthLimit'>,
  { patient }: { readonly patient: boolean },
): Forecast {
  const { mode, criuPath, bandwidthLimit } = options;
  const live = mode === 'live';
  const over = deferred<void>();
  const pending: Promise<unknown>[] = [];
  let parts: Parts = { files: null, bytesPerSecond: null, written: null, criuMs: null };
  let gauge: LinkGauge | null = null;
  const learn = (what: Promise<Partial<Parts>>): void => {
    pending.push(what.then((part) => (parts = { ...parts, ...part })).catch(() => undefined));
  };
  if (live) learn(startUp(criuPath).then((criuMs) => ({ criuMs })));
  let login: readonly string[] | null = null;
  const measureLink = (): void => {
    if (login === null) return;
    gauge = gaugeLink(login, { enoughMs, beside: !patient });
    pending.push(gauge.done);
  };
  return {
    linked: (way) => {
      login = way;
      // A burst would not keep to the limit.
      if (!patient && bandwidthLimit === null) measureLink();
    },
    demanded: async (asked) => {
      const demands = await asked;
      const known = demands.filter((demand) => demand !== null);
      if (known.length === demands.length)
        parts = { ...parts, files: known.reduce((sum, { about }) => sum + about, 0) };
      return known;
    },
    tracked: (pids) => {
      const long = patient ? [sleep(watchMs, undefined, { ref: false })] : [];
      const watched = (): Promise<unknown> => Promise.race([over.promise, ...long]);
      learn(writeRate(pids, watched).then((written) => ({ written })));
    },
    alone: () => {
      if (patient) return measureLink();
      over.resolve();
      gauge?.stop();
    },
    settled: async () => void (await Promise.all(pending)),
    end: (memory) => {
      over.resolve();
      gauge?.stop();
      const link = gauge?.rate() ?? bandwidthLimit;
      const bytesPerSecond = link && Math.min(link, bandwidthLimit ?? link);
      return reported({ ...parts, bytesPerSecond }, memory, live);
    },
  };
}

function reported(parts: Parts, memory: number, live: boolean): EstimateReport {
  const { files, bytesPerSecond, written } = parts;
  return {
    files,
    bytesPerSecond: bytesPerSecond && Math.round(bytesPerSecond),
    writtenPerSecond: written && Math.round(written.pagesPerSecond * pageBytes),
    writtenAtLeast: written?.atLeast ?? false,
    ...times(parts, memory, live),
  };
}

function times(
  { files, bytesPerSecond, written, criuMs }: Parts,
  memory: number,
  live: boolean,
): Pick<EstimateReport, 'totalMs' | 'freezeMs' | 'memory'> {
  if (!bytesPerSecond) return { totalMs: null, freezeMs: null, memory: null };
  const filesMs = files === null ? null : (files * 1000) / bytesPerSecond;
  // How long the container takes to stop and to start is its own affair.
  if (!live) return { totalMs: filesMs && Math.round(filesMs), freezeMs: null, memory: 0 };
  if (criuMs === null) return { totalMs: null, freezeMs: null, memory: null };
  const pagesPerSecond = written?.pagesPerSecond ?? null;
  const expected = estimate({ memory, files: files ?? 0, bytesPerSecond, criuMs, pagesPerSecond });
  return {
    totalMs: filesMs === null ? null : Math.round(expected.totalMs),
    freezeMs: Math.round(expected.freezeMs),
    memory: Math.round(expected.memory),
  };
}

/** The quicker of two: the first after a while reads from the disk what the freeze finds in memory. */
async function startUp(criuPath: string): Promise<number> {
  const once = async (): Promise<number> => {
    const began = performance.now();
    await probeCriu(criuPath);
    return performance.now() - began;
  };
  return Math.min(await once(), await once());
}
