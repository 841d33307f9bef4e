import type { Act } from '../../acts.ts';
import { advance, beforeTheStart, type Course } from '../course.ts';
import type { PhaulEvent, ResultEvent } from '../events.ts';

type Of<T extends PhaulEvent['type']> = Extract<PhaulEvent, { type: T }>;

/** An act on the time line; times are the events' `ms`. */
export interface ActSpan {
  readonly act: Act;
  readonly from: number;
  readonly to: number;
  /** It has not succeeded: it failed, or it is under way. */
  readonly open: boolean;
}

/** The time for which the container stood still. */
export interface Still {
  readonly from: number;
  /** When it ran on the target; null: it never did. */
  readonly to: number | null;
}

/** A migration in the order that a report needs, read from its events. */
export interface MigrationStory {
  readonly migration: string;
  readonly began: string;
  readonly endMs: number;
  readonly course: Course;
  readonly start: Of<'start'> | null;
  readonly hosts: Of<'hosts'> | null;
  readonly files: Of<'files'> | null;
  readonly acts: readonly ActSpan[];
  readonly still: Still | null;
  readonly amounts: readonly Of<'progress'>[];
  readonly warnings: readonly string[];
  /** Null: it has not ended. */
  readonly result: ResultEvent | null;
}

export function migrationStory(events: readonly PhaulEvent[]): MigrationStory {
  const all = <T extends PhaulEvent['type']>(type: T): Of<T>[] =>
    events.filter((event): event is Of<T> => event.type === type);
  const endMs = events.at(-1)?.ms ?? 0;
  return {
    migration: events[0]?.migration ?? '',
    began: events[0]?.time ?? '',
    endMs,
    course: events.reduce(advance, beforeTheStart),
    start: all('start')[0] ?? null,
    hosts: all('hosts')[0] ?? null,
    files: all('files')[0] ?? null,
    acts: all('act-begin').map(({ act, ms: from }) => {
      const end = all('act-end').find((each) => each.act === act);
      return { act, from, to: end?.ms ?? endMs, open: end === undefined };
    }),
    still: stillOf(events),
    amounts: all('progress'),
    warnings: all('warning').map(({ text }) => text),
    result: all('result').at(-1) ?? null,
  };
}

/** For as long as phaul has measured: in live mode until it is heard of, in revive mode from the stop on, because the target watches it for a moment first. */
function stillOf(events: readonly PhaulEvent[]): Still | null {
  const stood = events.find(({ type }) => type === 'frozen' || type === 'stopped');
  const running = events.find((event): event is Of<'running'> => event.type === 'running');
  if (!stood) return null;
  if (!running) return { from: stood.ms, to: null };
  const { ms, freezeMs } = running;
  return stood.type === 'stopped'
    ? { from: stood.ms, to: stood.ms + freezeMs }
    : { from: ms - freezeMs, to: ms };
}
