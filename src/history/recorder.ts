import { createWriteStream, type WriteStream } from 'node:fs';
import type { Listener } from '../observe/emitter.ts';
import type { PhaulEvent } from '../observe/events.ts';
import { jsonLines } from '../observe/json-lines.ts';
import { roomFor } from './room-for.ts';

/** Writes the events of a migration to a file. Nobody waits for it, and what fails is nobody's business. */
export interface Recorder {
  readonly listener: Listener;
  /** All events from the first on go to this file. */
  readonly begin: (path: string) => void;
  /** After the result: all that can be written has been. Never rejects. */
  readonly written: () => Promise<void>;
}

/** While the container stands still nothing is written: the disk is the devices' and the files' then. */
export function recorder(): Recorder {
  let stream: WriteStream | null = null;
  let waiting: string[] = [];
  let bytes = 0;
  let still = false;
  const flush = (): void => {
    if (!stream || still) return;
    for (const line of waiting) stream.write(line);
    waiting = [];
  };
  const keep = jsonLines((line) => {
    bytes += line.length;
    waiting.push(line);
  });
  return {
    listener: (event) => {
      if (roomFor(event, bytes)) keep(event);
      still = standsStill(still, event);
      flush();
      if (event.type === 'result') stream?.end();
    },
    begin: (path) => {
      stream = createWriteStream(path, { flags: 'a', mode: 0o600 });
      stream.on('error', () => undefined);
      flush();
    },
    written: () => {
      const open = stream;
      return !open || open.closed ? Promise.resolve() : new Promise((resolve) => open.once('close', resolve));
    },
  };
}

function standsStill(still: boolean, { type }: PhaulEvent): boolean {
  if (type === 'frozen' || type === 'stopped') return true;
  return still && type !== 'running' && type !== 'left-stopped' && type !== 'result';
}
