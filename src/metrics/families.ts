import { type Outcome, outcomeOf } from '../history/outcome.ts';
import type { Past } from '../history/past.ts';
import { counted, series, sum, type Tally, tallyOf } from '../history/tally.ts';
import type { Story } from '../journal/story.ts';
import { version } from '../version.ts';

/** One metric, with the value of each of its series. */
export interface Family {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly series: Tally;
}

/** What a host knows of migrations. */
export interface Known {
  readonly pasts: readonly Past[];
  /** What those add up to that are forgotten. */
  readonly dropped: Tally;
  readonly stories: readonly Story[];
}

const sides = ['source', 'target'] as const;
const modes = ['live', 'revive'] as const;
const outcomes: readonly Outcome[] = ['moved', 'cancelled', 'refused', 'failed', 'undone', 'lost'];

/** Sums that are there before anything is in them: what appears with the first failure cannot be seen to grow. */
const zeros: Tally = sum([
  ...sides.flatMap((side) =>
    modes.flatMap((mode) =>
      outcomes.map((outcome) => ({ [series('phaul_migrations_total', { side, mode, outcome })]: 0 })),
    ),
  ),
  ...modes.flatMap((mode) => [
    ...['memory', 'images', 'files'].map((kind) => ({
      [series('phaul_sent_bytes_total', { mode, kind })]: 0,
    })),
    counted('phaul_freeze_seconds', mode, 0, 0),
    counted('phaul_migration_duration_seconds', mode, 0, 0),
  ]),
]);

/** All metrics of a host. The labels have few values: names and ids of containers are in none. */
export function families({ pasts, dropped, stories }: Known): Family[] {
  const sums = sum([zeros, dropped, ...pasts.map(tallyOf)]);
  const inOrder = pasts.toSorted((one, other) => one.end.until.localeCompare(other.end.until));
  const summed = (name: string): Tally =>
    Object.fromEntries(
      Object.entries(sums).filter(([key]) => key.replace(/(_bucket|_sum|_count)?\{.*/, '') === name),
    );
  const all: Family[] = [
    gauge('phaul_build_info', 'Release of phaul on this host, always 1.', {
      [series('phaul_build_info', { version })]: 1,
    }),
    {
      name: 'phaul_migrations_total',
      type: 'counter',
      help: 'Migrations that have ended, by what this host was in them and what came of them.',
      series: summed('phaul_migrations_total'),
    },
    {
      name: 'phaul_freeze_seconds',
      type: 'histogram',
      help: 'How long containers stood still that were moved from this host.',
      series: summed('phaul_freeze_seconds'),
    },
    {
      name: 'phaul_migration_duration_seconds',
      type: 'histogram',
      help: 'How long migrations from this host took that worked.',
      series: summed('phaul_migration_duration_seconds'),
    },
    {
      name: 'phaul_sent_bytes_total',
      type: 'counter',
      help: 'What went over the link for containers that were moved from this host.',
      series: summed('phaul_sent_bytes_total'),
    },
    gauge(
      'phaul_migrations_open',
      'Migrations that have not ended.',
      bySide('phaul_migrations_open', stories, () => true),
    ),
    gauge(
      'phaul_migrations_in_doubt',
      "Of these, those whose container waits for the other host's word; for a moment that is so in each.",
      bySide('phaul_migrations_in_doubt', stories, ({ state }) => state === 'handed' || state === 'ready'),
    ),
    gauge('phaul_last_migration_end_timestamp_seconds', 'When the last one ended.', lastEnds(inOrder)),
    gauge(
      'phaul_last_freeze_seconds',
      'How long the last container stood still that was moved from this host.',
      lastFreezes(inOrder),
    ),
  ];
  return all.filter((family) => Object.keys(family.series).length > 0);
}

function gauge(name: string, help: string, series: Tally): Family {
  return { name, type: 'gauge', help, series };
}

function bySide(name: string, stories: readonly Story[], counts: (story: Story) => boolean): Tally {
  return Object.fromEntries(
    sides.map((side) => [
      series(name, { side }),
      stories.filter((story) => story.role === side && counts(story)).length,
    ]),
  );
}

// Of those in order the last one of each kind stays.

function lastEnds(inOrder: readonly Past[]): Tally {
  const name = 'phaul_last_migration_end_timestamp_seconds';
  return Object.fromEntries(
    inOrder.map((past) => {
      const { role: side, mode, until } = past.end;
      return [series(name, { side, mode, outcome: outcomeOf(past) }), Date.parse(until) / 1000];
    }),
  );
}

function lastFreezes(inOrder: readonly Past[]): Tally {
  return Object.fromEntries(
    inOrder.flatMap(({ end: { mode }, result }) =>
      result?.ok && 'freezeMs' in result
        ? [[series('phaul_last_freeze_seconds', { mode }), result.freezeMs / 1000]]
        : [],
    ),
  );
}
