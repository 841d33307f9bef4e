import { deferred } from '../deferred.ts';
import type { PhaulEvent } from '../observe/events.ts';

/** The events of one run, for whoever comes to read them, and whenever. */
export interface EventLog {
  readonly add: (event: PhaulEvent) => void;
  /** All events from the first to the result, those that are yet to come included. */
  readonly read: () => AsyncGenerator<PhaulEvent, void, undefined>;
}

export function eventLog(): EventLog {
  const events: PhaulEvent[] = [];
  let news = deferred<void>();
  return {
    add: (event) => {
      events.push(event);
      news.resolve();
      news = deferred();
    },
    read: async function* () {
      for (let at = 0; ; at++) {
        while (at >= events.length) await news.promise;
        const event = events[at];
        if (event) yield event;
        if (event?.type === 'result') return;
      }
    },
  };
}
