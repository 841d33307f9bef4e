import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { isWatched, killTree, processStart, processTree } from '../linux/processes.ts';
import { waitsInRestorer } from '../linux/restorer.ts';
import type { Story } from './story.ts';

const criuMs = 10_000;
const lookEveryMs = 20;
// Somebody goes on with a fill when phaul has died, and says so at its end, or kills the container (service/filling.ts). After so long is looked whether he does,
// which costs a large container time.
const fillMs = 10_000;

/**
 * What became of a container on the target when the phaul that was to let it run has died. `lost`: it ran, or may have, and does not any more.
 * @param boot the kernel's id of this boot
 * @param isFilled whether the journal says by now that all memory is in place
 */
export async function whatBecameOf(
  story: Story,
  boot: string,
  isFilled: () => boolean,
): Promise<'undone' | 'landed' | 'lost'> {
  const { state, tree, mode } = story;
  const rebooted = story.boot !== boot;
  const waits = state === 'standby' || state === 'ready';
  if (state === 'undone' || (rebooted && waits)) return 'undone';
  if (state === 'landed' && (rebooted || mode === 'revive' || !tree)) return 'landed';
  // Nothing has outlived the host, and it may have run.
  if (rebooted) return 'lost';
  // No task had been made, or in revive mode it was not started.
  if (!tree) return 'undone';
  const alive = async (): Promise<boolean> => (await processStart(tree.pid)) === tree.start;
  if (state === 'landed') return (await outlivesFill(tree.pid, alive, isFilled)) ? 'landed' : 'lost';
  const killed = async (): Promise<boolean> => !(await alive()) && (await gaveUp(tree.log));
  if (tree.criu !== null) await endOf(tree.criu, tree.criuStart, killed);
  if (!(await alive())) return state === 'running' && !(await killed()) ? 'lost' : 'undone';
  if (mode === 'revive') return 'landed';
  if (state === 'running' && !(await waitsInRestorer(tree.pid)))
    return (await outlivesFill(tree.pid, alive, isFilled)) ? 'landed' : 'lost';
  // Its CRIU died before any task was let go on.
  await killTree(tree.pid);
  return 'undone';
}

/**
 * CRIU needs phaul once more where memory follows, and kills the tasks before any of them runs if that is gone (criu/cr-restore.c,
 * lazy_pages_finish_restore, out_kill_network_unlocked).
 */
async function gaveUp(log: string | undefined): Promise<boolean> {
  const said = log === undefined ? '' : await readFile(log, 'utf8').catch(() => '');
  return /Killing processes because of failure on restore|Restoring FAILED/.test(said);
}

/** CRIU goes on without phaul: it kills the tasks, or lets them go. When it has killed them there it has been seen to hang. */
async function endOf(
  criu: number,
  criuStart: string | null | undefined,
  killed: () => Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + criuMs;
  // Long after it has ended another process may have its pid.
  while ((await processStart(criu)) === criuStart && performance.now() < deadline) {
    if (await killed()) return killTree(criu);
    await sleep(lookEveryMs);
  }
}

async function outlivesFill(
  root: number,
  alive: () => Promise<boolean>,
  isFilled: () => boolean,
): Promise<boolean> {
  for (let look = performance.now() + fillMs; !isFilled();) {
    if (!(await alive())) return false;
    if (performance.now() > look) {
      const watched = await Promise.all((await processTree(root)).map(isWatched));
      // Phaul died when all was in place and nothing written down.
      if (!watched.includes(true)) return true;
      look = performance.now() + fillMs;
    }
    await sleep(lookEveryMs);
  }
  return true;
}
