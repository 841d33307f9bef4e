import type { Measured, Sample } from './benchmark.ts';
import { type Comparison, compare, median } from './statistics.ts';

/** What came out of a benchmark. */
export interface Outcome {
  readonly benchmark: Pick<Measured<never>, 'name' | 'unit' | 'partsUnit'>;
  /** Absent if all runs failed. */
  readonly numbers?: Comparison | { readonly phaul: number; readonly low: number; readonly high: number };
  /** Medians of the parts of phaul's samples. */
  readonly parts: Readonly<Record<string, number>>;
  /** Runs (pairs of runs, with a rival) that count. */
  readonly runs: number;
  /** Why the others do not. */
  readonly failures: readonly string[];
}

type Contestant = 'phaul' | 'rival';

/**
 * Measures phaul and the rival alternately, so that both meet the same machine: a discarded warm-up of each, then `runs` pairs, each
 * in the order opposite to the one before.
 * @param warmUp false: without the first, discarded runs
 * @param onSample called after each measurement, for people
 */
export async function measure<L>(
  benchmark: Measured<L>,
  lab: L,
  { runs, warmUp }: { readonly runs: number; readonly warmUp: boolean },
  onSample: (line: string) => void,
): Promise<Outcome> {
  const { phaul, rival } = benchmark;
  await benchmark.prepare?.(lab);
  const contestants: Record<Contestant, ((lab: L) => Promise<Sample>) | undefined> = { phaul, rival };
  const pairs: { phaul: Sample; rival?: Sample }[] = [];
  const failures: string[] = [];

  for (let run = warmUp ? 0 : 1; run <= runs; run++) {
    const order: Contestant[] = run % 2 === 0 ? ['phaul', 'rival'] : ['rival', 'phaul'];
    const samples: { phaul?: Sample; rival?: Sample } = {};
    for (const name of order) {
      const contestant = contestants[name];
      if (!contestant) continue;
      const title = `${benchmark.name} ${run === 0 ? 'warm-up' : `${run}/${runs}`} ${name}`;
      try {
        const sample = await contestant(lab);
        samples[name] = sample;
        onSample(`${title}: ${round(sample.value)} ${benchmark.unit}`);
      } catch (error) {
        failures.push(`${title}: ${error instanceof Error ? error.message : String(error)}`);
        onSample(`${failures.at(-1)}`);
      }
    }
    if (run > 0 && samples.phaul && (samples.rival || !rival))
      pairs.push({ ...samples, phaul: samples.phaul });
  }
  return { benchmark, ...summarize(pairs), runs: pairs.length, failures };
}

function summarize(pairs: readonly { phaul: Sample; rival?: Sample }[]): Pick<Outcome, 'numbers' | 'parts'> {
  if (pairs.length === 0) return { parts: {} };
  const names = Object.keys(pairs[0]?.phaul.parts ?? {});
  const parts = Object.fromEntries(
    names.map((name) => [name, median(pairs.map(({ phaul }) => phaul.parts?.[name] ?? 0))]),
  );
  const complete = pairs.flatMap(({ phaul, rival }) =>
    rival ? [{ phaul: phaul.value, rival: rival.value }] : [],
  );
  if (complete.length > 0) return { numbers: compare(complete), parts };
  const values = pairs.map(({ phaul }) => phaul.value);
  return { numbers: { phaul: median(values), low: Math.min(...values), high: Math.max(...values) }, parts };
}

export function round(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}
