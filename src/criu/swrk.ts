import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync } from 'node:fs';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CriuRequest,
  type CriuResponse,
  decodeResponse,
  encodeRequest,
} from '../../criu-proto/messages.ts';
import type { RestoreSettings } from '../contracts/criu-settings.ts';
import { asPhaulError, PhaulError } from '../errors.ts';
import { processStart } from '../linux/processes.ts';
import { step } from '../step.ts';
import { seqpacketPair } from './seqpacket.ts';
import { plainTarPath } from './plain-tar.ts';
import { becomeOfStandIn } from './stand-in.ts';

/** Descriptor 0 of swrk is the socket given as `pages`; a request names it as `ps: {fd: 0}`. */
export const pageSocketFd = 0;
/** The first of the `inherit` files among swrk's descriptors; descriptor 3 is the protocol's. */
export const firstInheritedFd = 4;

export interface SwrkOptions {
  readonly criuPath: string;
  /** A descriptor handed over to CRIU as its page socket, closed here. */
  readonly pages?: number;
  /** Files opened for CRIU, as descriptors 4, 5, …. */
  readonly inherit?: readonly Omit<NonNullable<RestoreSettings['inherit']>[number], 'key'>[];
  /** Where a process waits that is to become it (stand-in.ts); without one it is a child of this process. */
  readonly standIn?: string | undefined;
  /** What is in tmpfs mounts goes into images that are not compressed, and comes out of such (plain-tar.ts). */
  readonly plainTar?: boolean;
}

/** A notification's script name (`post-dump`, `post-restore`, …); false makes CRIU give up where it listens to that. */
export type NotifyHandler = (script: string, pid: number | undefined) => Promise<boolean>;

/** One `criu swrk` process: CRIU spoken to over its own protocol, without a daemon. */
export interface Swrk {
  readonly pid: number;
  /** One request at a time. Resolves with CRIU's answer, success or not; throws CRIU_DIED if the process ends first. */
  readonly request: (request: CriuRequest, onNotify?: NotifyHandler) => Promise<CriuResponse>;
  /** For one that does not listen any more. */
  readonly kill: () => void;
  /** Closes the socket, upon which CRIU ends, and waits for that. Idempotent. */
  readonly end: () => Promise<void>;
}

const openFlags = { read: constants.O_RDONLY, write: constants.O_WRONLY, both: constants.O_RDWR };

/** @throws CRIU_MISSING if the program cannot be started, DRIVER_FAILED if what an htype has prepared for it is not there any more */
export async function startSwrk(options: SwrkOptions): Promise<Swrk> {
  const inherited = (options.inherit ?? []).map(({ path, opened = 'read' }) => {
    try {
      // A terminal must not become this process's own.
      return openSync(path, openFlags[opened] | constants.O_NOCTTY);
    } catch (cause) {
      throw notThere(cause);
    }
  });
  const { ours, theirs } = seqpacketPair();
  try {
    if (options.standIn !== undefined)
      return session(await inPlaceOf(options.standIn, options, [theirs, ...inherited]), ours);
    const child = spawn(options.criuPath, ['swrk', '3'], {
      // libuv makes descriptors 0 to 2 blocking, as CRIU needs its page socket to be (MSG_WAITALL, criu/page-xfer.c:1218).
      stdio: [options.pages ?? 'ignore', 'ignore', 'ignore', theirs, ...inherited],
      // A group of its own: Ctrl-C on the terminal must reach phaul, which undoes, and not CRIU in the middle of a dump.
      detached: true,
      cwd: '/',
      ...(options.plainTar ? { env: { ...process.env, PATH: plainTarPath() } } : {}),
    });
    await once(child, 'spawn');
    const exited = once(child, 'exit').then(() => undefined);
    return session({ pid: child.pid ?? 0, exited, kill: () => void child.kill('SIGKILL') }, ours);
  } catch (cause) {
    ours.destroy();
    if (options.standIn !== undefined) throw notThere(cause);
    throw new PhaulError('CRIU_MISSING', `${options.criuPath} cannot be started.`, { cause });
  } finally {
    for (const fd of [theirs, ...inherited]) closeSync(fd);
    if (options.pages !== undefined) closeSync(options.pages);
  }
}

const notThere = (cause: unknown): PhaulError =>
  new PhaulError('DRIVER_FAILED', `What was prepared for CRIU has gone: ${asPhaulError(cause).message}.`, {
    cause,
  });

/** The process in which CRIU runs. */
interface CriuProcess {
  readonly pid: number;
  /** It has ended. */
  readonly exited: Promise<void>;
  readonly kill: () => void;
}

const lookEveryMs = 20;

/** CRIU as somebody else's child: only looking tells that it has ended. */
async function inPlaceOf(
  standIn: string,
  { criuPath, plainTar }: SwrkOptions,
  descriptors: number[],
): Promise<CriuProcess> {
  const path = plainTar ? { path: plainTarPath() } : {};
  const pid = await becomeOfStandIn(standIn, {
    program: criuPath,
    args: ['swrk', '3'],
    descriptors,
    ...path,
  });
  const start = await processStart(pid);
  const lives = async (): Promise<boolean> => start !== null && (await processStart(pid)) === start;
  const watch = async (): Promise<void> => {
    while (await lives()) await sleep(lookEveryMs);
  };
  const exited = watch();
  return { pid, exited, kill: () => void lives().then((yes) => yes && process.kill(pid, 'SIGKILL')) };
}

const lastWordMs = 50;

function session({ pid, exited, kill }: CriuProcess, socket: Socket): Swrk {
  // The tasks that it was making have its end of the socket, too: without this a CRIU that is killed would not be missed.
  // What CRIU said before has long been there. But a busy process may come to this timer before it looks at the socket, which it does before it comes to immediates.
  void exited.then(() => setTimeout(() => setImmediate(() => socket.destroy()), lastWordMs));
  let waiting: {
    handler: NotifyHandler | undefined;
    resolve: (r: CriuResponse) => void;
    reject: (e: Error) => void;
  } | null = null;

  const receive = async (packet: Buffer): Promise<void> => {
    const current = waiting;
    if (!current) return;
    try {
      const response = decodeResponse(packet);
      if (response.type === 'NOTIFY') {
        step(`CRIU says ${response.notify?.script}`);
        const go = await (current.handler?.(response.notify?.script ?? '', response.notify?.pid) ?? true);
        socket.write(encodeRequest({ type: 'NOTIFY', notify_success: go }));
      } else {
        waiting = null;
        current.resolve(response);
      }
    } catch (error) {
      waiting = null;
      socket.destroy();
      current.reject(error as Error);
    }
  };
  socket.on('data', (packet: Buffer) => void receive(packet));
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    waiting?.reject(new PhaulError('CRIU_DIED', 'The CRIU process ended without an answer.'));
    waiting = null;
  });

  return {
    pid,
    request: (request, handler) =>
      new Promise((resolve, reject) => {
        if (socket.destroyed) return reject(new PhaulError('CRIU_DIED', 'The CRIU process has ended.'));
        if (waiting) return reject(new Error('swrk is busy'));
        waiting = { handler, resolve, reject };
        socket.write(encodeRequest(request));
      }),
    kill,
    end: async () => {
      socket.destroy();
      await exited;
    },
  };
}
