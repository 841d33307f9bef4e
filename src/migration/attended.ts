import { beginHistory } from '../history/begin.ts';
import { eventsFile, historyDirectory } from '../history/places.ts';
import { recorder } from '../history/recorder.ts';
import { journalLog } from '../log/journal-log.ts';
import { updateTextfile } from '../metrics/textfile.ts';
import type { Listener } from '../observe/emitter.ts';
import { cancelDoor } from './cancel-door.ts';

/** What a migration has besides its acts, on the source: a history, and a door at which it can be told to stop. */
export interface Attended {
  readonly listeners: readonly Listener[];
  readonly onBegun: (directory: string) => Promise<void>;
  /** After the result: what is kept of it is complete. Never throws. */
  readonly over: () => Promise<void>;
}

/** @param cancel as of cancelDoor */
export function attended(migration: string, cancel: () => boolean): Attended {
  const record = recorder();
  const door = cancelDoor(cancel);
  return {
    listeners: [record.listener, door.listener],
    onBegun: async (directory) => {
      beginHistory(migration, 'source');
      record.begin(eventsFile(historyDirectory(migration, 'source')));
      await door.open(directory);
    },
    over: async () => {
      await record.written();
      await updateTextfile(await journalLog());
    },
  };
}

/** A rehearsal leaves nothing behind, and ends by itself. */
export const unattended: Attended = {
  listeners: [],
  onBegun: () => Promise.resolve(),
  over: () => Promise.resolve(),
};
