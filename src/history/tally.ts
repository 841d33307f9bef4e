import { outcomeOf } from './outcome.ts';
import type { Past } from './past.ts';

/** Sums over migrations, by what they are sums of: name and labels as Prometheus writes them. They only grow. */
export type Tally = Readonly<Record<string, number>>;

/** Of each sum over amounts in seconds up to where the amounts are counted. */
export const bounds = {
  phaul_freeze_seconds: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  phaul_migration_duration_seconds: [1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600],
} as const;

type Labels = Readonly<Record<string, string>>;

export function series(name: string, labels: Labels): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`;
}

/** What one migration adds. How long it took, and what was sent, the source knows of those that worked. */
export function tallyOf(past: Past): Tally {
  const { end, result } = past;
  const { role: side, mode, since, until } = end;
  const ended = { [series('phaul_migrations_total', { side, mode, outcome: outcomeOf(past) })]: 1 };
  if (result?.ok !== true || !('acts' in result)) return ended;
  const { mem, images, fs } = result.bytes;
  const sent = (kind: string, bytes: number): Tally => ({
    [series('phaul_sent_bytes_total', { mode, kind })]: bytes,
  });
  return sum([
    ended,
    sent('memory', mem),
    sent('images', images),
    sent('files', fs),
    counted('phaul_freeze_seconds', mode, result.freezeMs / 1000),
    counted('phaul_migration_duration_seconds', mode, (Date.parse(until) - Date.parse(since)) / 1000),
  ]);
}

/** One amount in a histogram. @param times 0: so that it is there before anything has been counted */
export function counted(name: keyof typeof bounds, mode: string, seconds: number, times = 1): Tally {
  const buckets = [...bounds[name], Infinity].map((bound): [string, number] => [
    series(`${name}_bucket`, { mode, le: bound === Infinity ? '+Inf' : `${bound}` }),
    seconds <= bound ? times : 0,
  ]);
  return {
    ...Object.fromEntries(buckets),
    [series(`${name}_sum`, { mode })]: seconds * times,
    [series(`${name}_count`, { mode })]: times,
  };
}

export function sum(tallies: readonly Tally[]): Tally {
  const all: Record<string, number> = {};
  for (const tally of tallies)
    for (const [what, amount] of Object.entries(tally)) all[what] = (all[what] ?? 0) + amount;
  return all;
}
