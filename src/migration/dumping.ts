import type { CriuRequest, CriuResponse } from '../../criu-proto/messages.ts';
import { criuFailure } from '../criu/failure.ts';
import { watchForHang } from '../criu/hang.ts';
import type { NotifyHandler, Swrk } from '../criu/swrk.ts';
import { asPhaulError, type PhaulError } from '../errors.ts';
import { killTree } from '../linux/processes.ts';
import { type Clock, realClock } from '../observe/clock.ts';
import type { PageSource } from '../pages/source.ts';
import type { Migration } from './migration.ts';

/** A dump or pre-dump that CRIU on the source is asked for. */
export interface Dump {
  readonly swrk: Swrk;
  readonly pages: Pick<PageSource, 'full'>;
  /** The container's root process. */
  readonly root: number;
  readonly request: CriuRequest;
  readonly onNotify?: NotifyHandler;
  /** CRIU's log, and what it is called where it is kept. */
  readonly log: string;
  readonly name: string;
  /** Called before CRIU is killed, which lets go of the container by that. */
  readonly beforeKill?: () => Promise<void>;
}

// Longer than a disk takes to wake up or a path to one to fail over, shorter than the patience of most clients.
const patience = 30;
// Whoever undoes has told CRIU to end, which it does at once where it listens.
const patienceInUndo = 3;

/**
 * Asks CRIU for it. While CRIU works it holds the container: one that has come to a standstill, for instance at a file system that does not answer, is killed. The code that it
 * has put into the tasks returns by itself then to where they were (compel/plugins/std/infect.c, parasite_daemon).
 * @throws CRIU_DUMP if CRIU was killed, CRIU_DIED
 */
export async function dumping(m: Migration, dump: Dump, clock: Clock = realClock): Promise<CriuResponse> {
  const { swrk, pages, root, request, onNotify = () => Promise.resolve(true) } = dump;
  let asked = false;
  let hung = false;
  const heard: NotifyHandler = async (script, pid) => {
    asked = true;
    const answer = await onNotify(script, pid);
    asked = false;
    return answer;
  };
  const kill = async (): Promise<void> => {
    hung = true;
    m.say(
      'warn',
      `CRIU (process ${swrk.pid}) does nothing any more in the middle of its dump. It is killed.`,
    );
    await dump.beforeKill?.().catch(() => undefined);
    await killTree(swrk.pid).catch((error: unknown) =>
      m.say('warn', `${asPhaulError(error).message}: the kernel keeps it, and the container with it.`),
    );
  };
  const watch = {
    criu: swrk.pid,
    root,
    excused: () => asked || pages.full(),
    patience: () => (m.signal.aborted ? patienceInUndo : patience),
  };
  // A request that fails may have been given up while CRIU is at it still.
  const stop = watchForHang(watch, () => void kill(), clock);
  try {
    const answer = await swrk.request(request, heard);
    stop();
    return answer;
  } catch (error) {
    if (!hung) throw error;
    throw await dumpFailure(m, dump, `CRIU did nothing for ${patience} s in the middle of its dump.`);
  }
}

export function dumpFailure(
  m: Migration,
  { log, name }: Pick<Dump, 'log' | 'name'>,
  message: string,
): Promise<PhaulError> {
  return criuFailure('CRIU_DUMP', message, { log, migration: m.id, name, host: 'source' });
}
