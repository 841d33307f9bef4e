import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { ownFile, ownProgram } from '../own-file.ts';

/*
 * Some programs restore a container by starting `criu restore …` themselves, so that the container's first process becomes their child. phaul has them
 * find a stand-in under that name. It waits, with its place among their children, until phaul has it become a CRIU that phaul talks to.
 * It ends when phaul does, also before phaul has come to it (PHAUL_STAND_IN_FOR), and kills whoever is there for the restore only (PHAUL_STAND_IN_COMPANION:
 * pid and start time).
 */

/** What a stand-in is to become; descriptors are those of the process `pid`, and become 3, 4, …. */
export interface StandInTask {
  readonly pid: number;
  readonly program: string;
  readonly args: readonly string[];
  readonly descriptors: readonly number[];
  /** Its PATH; without one it is what the stand-in's would have been. */
  readonly path?: string;
}

/** Environment in which a program finds a stand-in when it looks for `criu`. @param socket where that will wait; short, for the sake of sun_path */
export function standInEnvironment(socket: string): Record<string, string> {
  const directory = dirname(ownFile('src/criu/stand-in/criu'));
  return {
    PATH: `${directory}:${process.env['PATH'] ?? ''}`,
    PHAUL_NODE: process.execPath,
    PHAUL_STAND_IN_PROGRAM: ownProgram('src/criu/stand-in-program'),
    PHAUL_STAND_IN: socket,
    PHAUL_STAND_IN_FOR: String(process.pid),
  };
}

/** A stand-in that has come. */
export interface StandIn {
  readonly pid: number;
  /** What it was started with: `restore …`. */
  readonly args: readonly string[];
  /** It is not wanted: it ends, as a CRIU that has failed. It does the same if this process ends. */
  readonly dismiss: () => void;
  /** It has ended by itself, as it does if who started it ends it. */
  readonly gone: () => boolean;
}

const lookEveryMs = 10;

/** Waits for a stand-in. @param signal aborted: nobody will come @throws its reason */
export async function awaitStandIn(path: string, signal: AbortSignal): Promise<StandIn> {
  let keeper = await connected(path);
  for (; !keeper; keeper = await connected(path)) await sleep(lookEveryMs, undefined, { signal });
  const socket = keeper.on('error', () => undefined);
  try {
    const [line] = (await once(createInterface(socket), 'line', { signal })) as [string];
    // It keeps no process of phaul's alive.
    socket.unref();
    return {
      ...(JSON.parse(line) as { pid: number; args: string[] }),
      dismiss: () => void socket.destroy(),
      gone: () => socket.destroyed,
    };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** Has it become that program. Resolves, with its pid, when it has. @throws Error if there is none */
export async function becomeOfStandIn(path: string, task: Omit<StandInTask, 'pid'>): Promise<number> {
  const socket = await connected(path);
  if (!socket) throw new Error(`nobody waits at ${path}`);
  let said = '';
  socket.setEncoding('utf8').on('data', (text: string) => (said += text));
  socket.write(`${JSON.stringify({ pid: process.pid, ...task } satisfies StandInTask)}\n`);
  await once(socket, 'close');
  if (!said.endsWith('\n')) throw new Error(`what waited at ${path} has ended`);
  return Number(said);
}

function connected(path: string): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket.removeAllListeners('error')));
    socket.once('error', () => resolve(null));
  });
}

/** Where a stand-in waits, in a directory of its own. */
export const standInSocket = (directory: string): string => join(directory, 'stand-in');
