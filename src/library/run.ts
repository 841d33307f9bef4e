import type { Ended } from '../migration/ended.ts';
import { migrate as move, rehearse } from '../migration/migrate.ts';
import type { MigrateOptions } from '../migration/options.ts';
import type { Listener } from '../observe/emitter.ts';
import type { PhaulEvent, PlanReport, Summary } from '../observe/events.ts';
import { eventLog } from './event-log.ts';
import { completed, type Options } from './options.ts';

/**
 * A run that has begun. Awaited, it gives what came of it, or throws a PhaulError. Iterated, it gives its events from the first on; the last is the
 * result, which says it too if it failed, and then iterating does not throw. Both can be done, in any order, and leaving a loop early ends nothing.
 */
export type Run<T> = Promise<T> & AsyncIterable<PhaulEvent>;

export interface RunSettings {
  /** Aborted before the commit everything is undone, and the run fails with CANCELLED (or the PhaulError that is the signal's reason). After it there is only forward. */
  readonly signal?: AbortSignal | undefined;
}

/** Moves a container to another host. It begins at once. @throws PhaulError USAGE, at once, for options that make no sense */
export function migrate(options: Options & RunSettings): Run<Summary> {
  return begin(move, options);
}

/** Says what would refuse that, or what it would do. Changes nothing on either host. @throws PhaulError USAGE, at once */
export function check(options: Options & RunSettings): Run<PlanReport> {
  return begin(rehearse, options);
}

type Play<T> = (
  options: MigrateOptions,
  listeners: readonly Listener[],
  user: AbortSignal,
) => Promise<Ended<T>>;

function begin<T>(play: Play<T>, { signal, ...options }: Options & RunSettings): Run<T> {
  const log = eventLog();
  const ended = play(completed(options), [log.add], signal ?? new AbortController().signal);
  const outcome = ended.then((end) => {
    if (end.ok) return end.value;
    throw end.error;
  });
  const read = (): ReturnType<typeof log.read> => {
    // Who reads the events is told of the failure by the last of them.
    outcome.catch(() => undefined);
    return log.read();
  };
  return Object.assign(outcome, { [Symbol.asyncIterator]: read });
}
