import { join } from 'node:path';
import type { TargetContainer } from '../contracts/htype.ts';
import { criuFailure } from '../criu/failure.ts';
import { removeDumpRemains, removeRemains } from '../criu/remains.ts';
import { receiveImages } from '../criu/image-stream.ts';
import { logNames } from '../criu/log.ts';
import { restoreRequest, type CriuChoices } from '../criu/requests.ts';
import { startSwrk, type Swrk } from '../criu/swrk.ts';
import { deferred } from '../deferred.ts';
import { asPhaulError, PhaulError } from '../errors.ts';
import type { Journal } from '../journal/journal.ts';
import type { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { killTree, processStart } from '../linux/processes.ts';
import { waitsInRestorer } from '../linux/restorer.ts';
import type { Fill } from '../pages/fill.ts';
import { memoryHandOver } from '../pages/hand-over.ts';
import { type Filled, guardFill } from './filling.ts';
import type { Memory } from './memory.ts';

/** A restore in three steps: armed before the freeze, tasks made inside it, let go (or killed) by the decision. */
export interface Restore {
  /** The images are complete: make every task, none of which runs. @throws CRIU_RESTORE. Gives the number of images. */
  readonly create: (iteration: number) => Promise<number>;
  /**
   * Let them run. `open` is called when every socket is whole again and no task has run yet: what a task says first must find the
   * network open, because the kernel repeats it only after a second (a restored socket knows no round-trip time). `shut` is called before tasks are killed
   * whose network has been opened.
   * @throws CRIU_RESTORE, CRIU_DIED if CRIU fails so late; then all of them are dead when it throws, and none has run
   */
  readonly letGo: (open: () => Promise<void>, shut: () => Promise<void>) => Promise<{ pid: number }>;
  /** After `letGo`: settles when all of their memory is in place. @throws FILL_FAILED if that failed; they are dead then */
  readonly filled: () => Promise<Filled>;
  /** How much of it is in place, in pages. */
  readonly progress: () => { readonly total: number; readonly placed: number };
  /** Kill them, or whatever there is of them. Idempotent. */
  readonly kill: () => Promise<void>;
}

interface RestoreOptions {
  readonly criuPath: string;
  readonly migration: string;
  readonly memory: Memory;
  readonly container: TargetContainer;
  readonly choices: CriuChoices & { readonly leaveStopped: boolean; readonly plainTar: boolean };
  readonly stream: Duplex;
  readonly journal: Journal;
  /** Aborted: whatever `create` waits for ends soon, with a failure. */
  readonly signal: AbortSignal;
}

const nothingFollows: Filled = { pages: 0, waitedFor: 0 };

// CRIU hands the memories over while it restores: each task waits for nobody until it touches one.
const handOverMs = 1;

const lookEveryMs = 250;
// CRIU notices such a thing at once, where it does.
const criuPatienceMs = 3000;

export async function armRestore(options: RestoreOptions): Promise<Restore> {
  const { memory } = options;
  const { directory } = memory;
  const settings = (await options.container.live?.restore?.()) ?? {};
  const swrk: Swrk = await startSwrk({
    criuPath: options.criuPath,
    inherit: settings.inherit ?? [],
    standIn: settings.standIn,
    plainTar: options.choices.plainTar,
  });
  // The program is in memory when the freeze begins.
  await swrk.request({ type: 'VERSION', keep_open: true });
  const received = receiveImages(directory, options.stream);
  // A direct stream is open in both directions until both ends have ended it.
  void received.catch(() => undefined).finally(() => options.stream.destroy());
  const decision = deferred<boolean>();
  let opening: () => Promise<void> = () => Promise.resolve();
  let shutting: () => Promise<void> = () => Promise.resolve();
  let opened: Promise<void> | null = null;
  let mayRun = false;
  let running: Promise<{ pid: number }> | null = null;
  let root: number | undefined;
  let fill: Fill | null = null;
  let cleared: Promise<void> = Promise.resolve();
  let filled: Promise<Filled> = Promise.resolve(nothingFollows);
  /** CRIU kills what it made when it fails; one that died itself has killed nobody. */
  const noSurvivors = async (): Promise<void> => {
    if (opened) await shutting();
    if (root !== undefined) await killTree(root);
    await removeRemains(join(directory, logNames.restore));
    fill?.close();
  };
  const giveUp = (): void => {
    decision.resolve(false);
    options.stream.destroy();
    memory.end();
  };
  options.signal.addEventListener('abort', giveUp, { once: true });

  const failure = (): Promise<Error> =>
    criuFailure('CRIU_RESTORE', 'CRIU could not restore the container on the target.', {
      log: join(directory, logNames.restore),
      migration: options.migration,
      name: 'restore',
      host: 'target',
    });
  /** From now on CRIU hands over memories. Gives what takes those that have come since, and what ends it. */
  const takeMemories = (into: Fill): { now: () => void; end: () => void } => {
    const handOver = memoryHandOver(directory);
    const now = (): void => handOver.take(into.watch);
    const timer = setInterval(now, handOverMs);
    return {
      now,
      end: () => {
        clearInterval(timer);
        // Not before CRIU's last word: it tells on this connection, too, that it has finished.
        handOver.close();
      },
    };
  };
  /** CRIU may wait for what never comes, a lock that another process has, before it asks whether to go on. Gives what ends the watch. */
  const endIfGivenUp = (): (() => void) => {
    const kill = (): void => void killTree(swrk.pid).catch(() => undefined);
    let timer: NodeJS.Timeout | undefined;
    let over = false;
    void decision.promise.then((go) => {
      if (!go && !over) timer = setTimeout(kill, criuPatienceMs);
    });
    return () => {
      over = true;
      clearTimeout(timer);
    };
  };
  const restore = async (created: () => void): Promise<{ pid: number }> => {
    const following = fill;
    const memories = following ? takeMemories(following) : null;
    const goOn = endIfGivenUp();
    let unwatch = (): void => undefined;
    const request = restoreRequest(directory, settings, { ...options.choices, lazy: following !== null });
    try {
      const answer = await swrk.request(request, async (script, pid) => {
        // criu/cr-restore.c:2269: all stages done, each task stopped at the end of its restorer, about to be detached.
        if (script === 'pre-resume') await (opened ??= opening());
        // Known as soon as there is one (criu/cr-service.c, send_criu_rpc_script).
        root ??= pid;
        // criu/cr-restore.c, restore_task_with_children: in its cgroup first, then its namespaces.
        if (script === 'post-setup-namespaces') await options.container.live?.placed?.();
        if (script !== 'post-restore') return true;
        if (pid !== undefined) unwatch = watchRoot(pid, swrk);
        // Beside the source's answer, not before it: if it fails, nothing runs, and the source takes the container back.
        const known = Promise.all([options.container.live?.restored?.(pid ?? 0), noteTree(pid ?? 0)]);
        known.catch(() => undefined);
        created();
        memories?.now();
        // The answer goes first: what follows takes milliseconds.
        await nextTurn();
        if (following) {
          following.start();
          filled = guardFill(following, { root: pid ?? 0, migration: options.migration, directory });
          filled.catch(() => decision.resolve(false));
        }
        // At once: whoever goes on if this process is killed waits for that.
        filled.then((all) => options.journal.note({ filled: all })).catch(() => undefined);
        const go = await decision.promise;
        await known;
        // With this answer CRIU asks nothing more that it listens to: it lets the tasks go on, whatever becomes of this process.
        if (go) options.journal.note({ state: 'running' });
        mayRun = go;
        return go;
      });
      if (!answer.success || !answer.restore) throw await failure();
      return { pid: answer.restore.pid };
    } catch (error) {
      // Until it has ended it holds them, also while its socket is closed already.
      await swrk.end();
      if (!mayRun || root === undefined || !(await mayHaveRun(error, root, opened !== null))) {
        await noSurvivors();
        throw error;
      }
      await (opened ??= opening());
      return { pid: root };
    } finally {
      goOn();
      unwatch();
      memories?.end();
    }
  };

  const noteTree = async (pid: number): Promise<void> => {
    const [start, criuStart] = await Promise.all([pid, swrk.pid].map(processStart));
    const log = join(directory, logNames.restore);
    if (start) options.journal.note({ tree: { pid, start, criu: swrk.pid, criuStart, log } });
  };
  const noteLoss = (): void => {
    filled.catch((error: unknown) => options.journal.note({ lost: asPhaulError(error).message }));
  };

  return {
    create: async (iteration) => {
      const count = await received;
      // Beside the restore, which takes longer.
      if (settings.root !== undefined) cleared = removeDumpRemains(settings.root);
      fill = await memory.complete(iteration);
      const created = deferred<void>();
      running = restore(created.resolve);
      running.catch((error: unknown) => created.reject(error));
      await created.promise;
      return count;
    },
    letGo: async (open, shut) => {
      [opening, shutting] = [open, shut];
      decision.resolve(true);
      if (!running) throw new Error('nothing was restored');
      const result = await running;
      await cleared;
      noteLoss();
      return result;
    },
    filled: () => filled,
    progress: () => fill?.progress() ?? { total: 0, placed: 0 },
    kill: async () => {
      giveUp();
      await running?.catch(() => undefined);
      await swrk.end();
    },
  };
}

/**
 * When CRIU is killed all that it holds goes on, at once: the tasks do without it, unless they were not complete and wait for it in vain. Or they have ended
 * since.
 * @param complete CRIU has said its last word before it lets them go on
 */
async function mayHaveRun(error: unknown, root: number, complete: boolean): Promise<boolean> {
  if (!(error instanceof PhaulError) || error.code !== 'CRIU_DIED') return false;
  return (await processStart(root)) === null ? complete : !(await waitsInRestorer(root));
}

/** If somebody kills the task that it restores, CRIU waits for it for ever. Gives what ends the watch. */
function watchRoot(root: number, swrk: Swrk): () => void {
  let dead = 0;
  const timer = setInterval(() => {
    void processStart(root).then((start) => {
      dead = start === null ? dead + 1 : 0;
      if (dead * lookEveryMs > criuPatienceMs) swrk.kill();
    });
  }, lookEveryMs);
  return () => clearInterval(timer);
}
