import { beginHistory } from '../history/begin.ts';
import { eventsFile, historyDirectory } from '../history/places.ts';
import { recorder } from '../history/recorder.ts';
import type { Listener } from '../observe/emitter.ts';

/** What a migration has besides its acts, on the source: a history. */
export interface Attended {
  readonly listeners: readonly Listener[];
  readonly onBegun: (directory: string) => Promise<void>;
}

export function attended(migration: string): Attended {
  const record = recorder();
  return {
    listeners: [record.listener],
    onBegun: () => {
      beginHistory(migration, 'source');
      record.begin(eventsFile(historyDirectory(migration, 'source')));
      return Promise.resolve();
    },
  };
}

/** A rehearsal leaves nothing behind. */
export const unattended: Attended = { listeners: [], onBegun: () => Promise.resolve() };
