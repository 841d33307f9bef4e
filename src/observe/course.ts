import type { Act, Mode } from '../acts.ts';
import type { Iteration, PhaulEvent } from './events.ts';

/** How far a migration is, as far as its events have told. Times are their `ms`. */
export interface Course {
  readonly container: string;
  readonly target: string;
  readonly mode: Mode;
  /** The act under way, or the last one; null before the first. */
  readonly act: Act | null;
  readonly actSince: number;
  readonly iterations: readonly Iteration[];
  /** How far the memory of the round under way is. */
  readonly round: Extract<PhaulEvent, { type: 'progress' }> | null;
  /** How far the copy of files under way is. */
  readonly copying: { readonly bytes: number; readonly bytesPerSecond: number } | null;
  /** Why the iterations ended. */
  readonly reason: string | null;
  /** Since when the container stands still. */
  readonly stillSince: number | null;
  /** For how long it did. */
  readonly freezeMs: number | null;
  readonly filling: { readonly total: number; readonly placed: number } | null;
  readonly undoing: string | null;
}

export const beforeTheStart: Course = {
  container: '',
  target: '',
  mode: 'live',
  act: null,
  actSince: 0,
  iterations: [],
  round: null,
  copying: null,
  reason: null,
  stillSince: null,
  freezeMs: null,
  filling: null,
  undoing: null,
};

/** The course after one more event. */
export function advance(course: Course, event: PhaulEvent): Course {
  switch (event.type) {
    case 'start': {
      const { container, target, mode } = event;
      return { ...beforeTheStart, container, target, mode };
    }
    case 'act-begin':
      return { ...course, act: event.act, actSince: event.ms, copying: null };
    case 'progress':
      return { ...course, round: event };
    case 'copying':
      return { ...course, copying: event };
    case 'iteration':
      return { ...course, iterations: [...course.iterations, event], round: null, copying: null };
    case 'decision':
      return { ...course, reason: event.reason };
    case 'frozen':
    case 'stopped':
      return { ...course, stillSince: event.ms };
    case 'running':
      return { ...course, stillSince: null, freezeMs: event.freezeMs, round: null, copying: null };
    case 'left-stopped':
      return { ...course, stillSince: null };
    case 'filling':
      return { ...course, filling: event };
    case 'undo':
      return { ...course, undoing: event.name, round: null, copying: null };
    case 'act-end':
    case 'files':
    case 'hosts':
    case 'warning':
    case 'log':
    case 'result':
      return course;
  }
}
