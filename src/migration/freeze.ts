import type { Borrowed, SyncResult } from '../contracts/fs-driver.ts';
import { borrowedDirectory } from '../criu/remains.ts';
import { deferred } from '../deferred.ts';
import { asPhaulError, PhaulError } from '../errors.ts';
import { endTcpRepair } from '../linux/tcp-repair.ts';
import { allDead, killTree, processTree } from '../linux/processes.ts';
import type { Freezer } from '../linux/freezer.ts';
import { run } from '../run.ts';
import { dumpFailure } from './dumping.ts';
import type { Armed } from './iterate.ts';
import { lastDump, lastDumpLog } from './last-dump.ts';
import { interruptible, journalOf, type Migration } from './migration.ts';
import type { Plan } from './preflight.ts';

/** The container stands still, completely dumped, and waits for the decision. */
export interface Frozen {
  /** Milliseconds for which it has stood still so far. */
  readonly frozenMs: () => number;
  /** The final fs sync, under way since the freeze. */
  readonly files: Promise<SyncResult>;
  /** Settles when the kernel holds it, whoever dies: CRIU lets it run on when phaul does (criu-facts.md, cr-dump.c:2068). */
  readonly held: Promise<void>;
  /**
   * Give the container up: it is killed. Only after the target's word that it runs there. Gives the memory pages that the dump
   * sent. @throws Error if a task does not die
   */
  readonly giveUp: () => Promise<number>;
  /** CRIU lets go of the tasks, without the devices coming back: only for a tree that is held. Idempotent. */
  readonly letGo: () => Promise<void>;
}

/**
 * The final dump: pages go to the target as CRIU finds them. As soon as every task stands still the devices are let go of and the
 * final fs sync begins, beside the dump. CRIU is then left waiting in post-dump (criu/cr-dump.c:2068): success kills the tree.
 */
export async function freeze(m: Migration, plan: Plan, armed: Armed): Promise<Frozen> {
  const { pages, directory, countPages } = armed;
  const decision = deferred<boolean>();
  const dumped = deferred<void>();
  const files = deferred<SyncResult>();
  const fence = fenceOf(plan);
  const { pid } = plan.container;
  let frozen: Promise<void> | null = null;
  let held: Promise<void> | null = null;

  const hold = (): Promise<void> => (held ??= fence.close(pid));
  const onFrozen = async (): Promise<void> => {
    m.sourceState = 'frozen';
    m.emit({ type: 'frozen' });
    // CRIU goes on as soon as the devices are let go of; the files are compared beside its dump.
    finalSync(plan, borrowedDirectory(pid)).then(files.resolve, files.reject);
    await plan.devices.freeze();
  };
  const onNotify = async (script: string): Promise<boolean> => {
    // Every task of a container with its own network stands still at network-lock; else it is known at post-dump.
    if (script !== 'network-lock' && script !== 'post-dump') return true;
    try {
      await (frozen ??= onFrozen());
    } catch (error) {
      dumped.reject(error);
      return false;
    }
    if (script === 'network-lock') return !m.signal.aborted;
    hold().catch(() => undefined);
    dumped.resolve();
    return decision.promise;
  };

  const { dismissKeeper } = plan.container.live ?? {};
  const kill = async (): Promise<void> => {
    if (dismissKeeper) await run(dismissKeeper.command, dismissKeeper.args);
    await run(fence.kill.command, fence.kill.args);
  };
  const noted = [
    journalOf(m).will('undone', fence.open.command, fence.open.args),
    journalOf(m).will('moved', fence.kill.command, fence.kill.args),
    // Noted last, it is executed first.
    ...(dismissKeeper ? [journalOf(m).will('moved', dismissKeeper.command, dismissKeeper.args)] : []),
  ];
  pages.begin(armed.iteration);
  const { answer, stillMs, end } = lastDump(m, plan, armed, { onNotify, hold });
  const letGo = async (): Promise<void> => {
    decision.resolve(false);
    await answer.catch(() => undefined);
    await end();
  };
  m.undo.push('the freeze', async () => {
    // CRIU may be waiting for somebody to take its pages.
    pages.end();
    const incomplete = await plan.devices.abort().then(
      () => null,
      (error: unknown) => ({ error }),
    );
    await letGo();
    // It must not run without its devices: whoever gets them back lets it (journal/guard.ts).
    if (incomplete && frozen) {
      await hold();
      throw incomplete.error;
    }
    await held?.catch(() => undefined);
    const died = await answer.then(
      () => false,
      () => true,
    );
    if (died) await endTcpRepair(await processTree(pid));
    await run(fence.open.command, fence.open.args);
    m.sourceState = 'running';
    for (const withdraw of noted) withdraw();
  });
  // Whatever ends the dump early: CRIU lets the tree run on by itself.
  answer.then(
    async ({ success }) => success || dumped.reject(pages.failure() ?? (await couldNot(m, directory))),
    (error: unknown) => dumped.reject(error),
  );
  await interruptible(m, dumped.promise);
  // From now on CRIU only waits. If it ends all the same, the container runs here again: whatever is under way must stop.
  answer.then(
    () => m.abort(crumbled()),
    () => m.abort(crumbled()),
  );
  return {
    frozenMs: stillMs,
    files: files.promise,
    held: hold(),
    letGo,
    giveUp: async () => {
      const pids = await processTree(pid);
      // Nobody needs CRIU for that any more, and it could not kill what a freezer of version 1 holds.
      try {
        await kill();
      } finally {
        decision.resolve(true);
      }
      const { success } = await answer.catch(() => ({ success: false }));
      // A CRIU that died has let the tree run. It runs on the target: not a moment longer here.
      if (!success) await killTree(pid);
      await allDead(pids);
      // What CRIU had stopped left the cgroup only when CRIU was done with it.
      await kill();
      return (await countPages(directory)).written;
    },
  };
}

function fenceOf({ fence }: Plan): Freezer {
  if (fence) return fence;
  throw new PhaulError('INTERNAL', 'Nothing is there to hold the container.');
}

async function finalSync({ container, files }: Plan, borrowed: Borrowed | null): Promise<SyncResult> {
  return files.sync({ final: true, mapped: (await container.mappedFiles?.()) ?? [], borrowed });
}

function couldNot(m: Migration, directory: string): Promise<PhaulError> {
  return dumpFailure(m, lastDumpLog(directory), 'CRIU could not dump the container.').catch(
    (error: unknown) => asPhaulError(error),
  );
}

function crumbled(): PhaulError {
  return new PhaulError('CRIU_DIED', 'CRIU on the source ended while it held the container.');
}
