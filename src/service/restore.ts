import { join } from 'node:path';
import type { TargetContainer } from '../contracts/htype.ts';
import { criuFailure } from '../criu/failure.ts';
import { receiveImages } from '../criu/image-stream.ts';
import { iterationName, restoreRequest, type CriuChoices } from '../criu/requests.ts';
import { startSwrk, type Swrk } from '../criu/swrk.ts';
import { deferred } from '../deferred.ts';
import type { Socket } from 'node:net';
import { killTree } from '../linux/processes.ts';

/** A restore in three steps: armed before the freeze, tasks made inside it, let go (or killed) by the decision. */
export interface Restore {
  /** The images are complete: make every task, none of which runs. @throws CRIU_RESTORE. Gives the number of images. */
  readonly create: () => Promise<number>;
  /**
   * Let them run. `open` is called when every socket is whole again and no task has run yet: what a task says first must find the
   * network open, because the kernel repeats it only after a second (a restored socket knows no round-trip time).
   * @throws CRIU_RESTORE if CRIU fails so late; then all of them are dead when it throws, and the source may take the container back
   */
  readonly letGo: (open: () => Promise<void>) => Promise<{ pid: number }>;
  /** Kill them, or whatever there is of them. Idempotent. */
  readonly kill: () => Promise<void>;
}

interface RestoreOptions {
  readonly criuPath: string;
  readonly migration: string;
  readonly images: string;
  readonly iteration: number;
  readonly container: TargetContainer;
  readonly choices: CriuChoices & { readonly leaveStopped: boolean };
  readonly stream: Socket;
  /** Aborted: whatever `create` waits for ends soon, with a failure. */
  readonly signal: AbortSignal;
}

export async function armRestore(options: RestoreOptions): Promise<Restore> {
  const directory = join(options.images, iterationName(options.iteration));
  const settings = await options.container.restore();
  const swrk: Swrk = await startSwrk({
    criuPath: options.criuPath,
    inherit: (settings.inherit ?? []).map(({ path }) => path),
  });
  // The program is in memory when the freeze begins.
  await swrk.request({ type: 'VERSION', keep_open: true });
  const received = receiveImages(directory, options.stream);
  received.catch(() => undefined);
  const decision = deferred<boolean>();
  let opening: () => Promise<void> = () => Promise.resolve();
  let running: Promise<{ pid: number }> | null = null;
  let root: number | undefined;
  /** CRIU kills what it made when it fails; one that died itself has killed nobody. */
  const noSurvivors = async (): Promise<void> => {
    if (root !== undefined) await killTree(root);
  };
  const giveUp = (): void => {
    decision.resolve(false);
    options.stream.destroy();
  };
  options.signal.addEventListener('abort', giveUp, { once: true });

  const failure = (): Promise<Error> =>
    criuFailure('CRIU_RESTORE', 'CRIU could not restore the container on the target.', {
      log: join(directory, 'restore.log'),
      migration: options.migration,
      name: 'restore',
      host: 'target',
    });

  return {
    create: async () => {
      const count = await received;
      const created = deferred<void>();
      const request = restoreRequest(directory, settings, options.choices);
      running = swrk
        .request(request, async (script, pid) => {
          // criu/cr-restore.c:2269: all stages done, each task stopped at the end of its restorer, about to be detached.
          if (script === 'pre-resume') await opening();
          if (script !== 'post-restore') return true;
          root = pid;
          // Beside the source's answer, not before it: if it fails, nothing runs, and the source takes the container back.
          const known = options.container.restored(pid ?? 0);
          known.catch(() => undefined);
          created.resolve();
          const go = await decision.promise;
          await known;
          return go;
        })
        .then(async (answer) => {
          if (!answer.success || !answer.restore) throw await failure();
          return { pid: answer.restore.pid };
        })
        .catch(async (error: unknown) => {
          await noSurvivors();
          throw error;
        });
      running.catch((error: unknown) => created.reject(error));
      await created.promise;
      return count;
    },
    letGo: async (open) => {
      opening = open;
      decision.resolve(true);
      if (!running) throw new Error('nothing was restored');
      return running;
    },
    kill: async () => {
      giveUp();
      await running?.catch(() => undefined);
      await swrk.end();
    },
  };
}
