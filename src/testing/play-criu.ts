import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { becomeOfStandIn } from '../criu/stand-in.ts';
import { processStart } from '../linux/processes.ts';
import { socketPair, socketTypes } from '../linux/socket-pair.ts';
import { ownProgram } from '../own-file.ts';

/** A restore that only seems to be one, in the place where an htype wants CRIU to be. */
export interface PlayedCriu {
  /** The pid of what plays the restored root task. */
  readonly root: number;
  /** CRIU ends: it has done its work, or gives up and leaves no task. Idempotent. */
  readonly end: (success: boolean) => Promise<void>;
}

/** @throws Error if nobody waits there */
export async function playCriu(standIn: string): Promise<PlayedCriu> {
  const [ours, theirs] = socketPair(socketTypes.stream);
  const socket = new Socket({ fd: ours, readable: true, writable: true });
  const program = process.execPath;
  const args = [...process.execArgv, ownProgram('src/testing/criu-program')];
  const pid = await becomeOfStandIn(standIn, { program, args, descriptors: [theirs] }).finally(() =>
    closeSync(theirs),
  );
  const [said] = (await once(socket, 'data')) as [Buffer];
  let ended = false;
  return {
    root: Number(said.toString()),
    end: async (success) => {
      if (ended) return;
      ended = true;
      if (success) socket.write('done');
      else socket.destroy();
      while ((await processStart(pid)) !== null) await sleep(5);
      socket.destroy();
    },
  };
}
