import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Listener } from '../observe/emitter.ts';
import { jsonLines } from '../observe/json-lines.ts';

/** Where a migration can be told to stop, by whoever may enter its working directory on the source. */
export const cancelSocket = (directory: string): string => join(directory, 'cancel');

/** What is said there first. Whoever was obeyed hears the result too, as one more line. */
export interface Obeyed {
  /** False: it is too late. */
  readonly obeyed: boolean;
}

export interface CancelDoor {
  /** Never throws: a migration that nobody can cancel is better than none. */
  readonly open: (directory: string) => Promise<void>;
  readonly listener: Listener;
}

/**
 * Lets another process stop this migration: to connect is to ask for it. It is a socket, and no signal, because the process may not be phaul's own (`import …
 * from 'phaul'`), and because nobody but this migration answers here.
 * @param cancel stops it; false: it is too late
 */
export function cancelDoor(cancel: () => boolean): CancelDoor {
  const waiting = new Set<Socket>();
  const door = createServer((socket) => {
    socket
      .on('error', () => undefined)
      .unref()
      .resume();
    const answer: Obeyed = { obeyed: cancel() };
    socket.write(`${JSON.stringify(answer)}\n`);
    if (answer.obeyed) waiting.add(socket);
    else socket.end();
  });
  door.on('error', () => undefined);
  // It keeps no process alive.
  door.unref();
  const tell = jsonLines((line) => waiting.forEach((socket) => socket.end(line)));
  return {
    open: (directory) =>
      new Promise((resolve) => {
        door.once('error', () => resolve());
        door.listen(cancelSocket(directory), resolve);
      }),
    listener: (event) => {
      if (event.type !== 'result') return;
      tell(event);
      door.close();
    },
  };
}
