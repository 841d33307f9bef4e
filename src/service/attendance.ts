import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { Handlers } from '../rpc/methods.ts';
import { serve, type Server } from '../rpc/server.ts';

/** Who listens to a session: the connection that began it, and whoever resumes it later. */
export interface Attendance {
  /** Serves a connection until it ends. */
  readonly attend: (input: Readable, output: Writable, handlers: Handlers) => void;
  /** Lets a new `phaul service` connect, for the source that has lost its connection, and `phaul recover`. */
  readonly admit: (directory: string, handlers: Handlers) => Promise<void>;
  /** To the last who came. */
  readonly log: Server['log'];
  readonly filling: Server['filling'];
  readonly close: () => void;
}

/** Where a session can be reached on this host. */
export const sessionSocket = (directory: string): string => join(directory, 'session');

/** @param onLeft nobody is connected any more */
export function attendance(onLeft: () => void): Attendance {
  let present = 0;
  let last: Server | null = null;
  const door = createServer();
  const attend: Attendance['attend'] = (input, output, handlers) => {
    present++;
    const server = serve(input, output, handlers);
    last = server;
    void server.closed.then(() => {
      input.destroy();
      if (last === server) last = null;
      if (--present === 0) onLeft();
    });
  };
  return {
    attend,
    admit: async (directory, handlers) => {
      door.on('connection', (socket: Socket) => attend(socket, socket, handlers));
      await new Promise<void>((resolve, reject) =>
        door.once('error', reject).listen(sessionSocket(directory), resolve),
      );
      // It keeps no process alive.
      door.unref();
    },
    log: (level, text) => last?.log(level, text),
    filling: (progress) => last?.filling(progress),
    close: () => void door.close(),
  };
}
