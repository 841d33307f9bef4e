import { setTimeout as sleep } from 'node:timers/promises';
import type { TargetContainer } from '../contracts/htype.ts';
import { PhaulError } from '../errors.ts';
import { processStart } from '../linux/processes.ts';
import type { Result } from '../rpc/methods.ts';

// A command that cannot work here (a missing library, a port in use) ends within this time, as a rule.
const watchMs = 1000;
const lookEveryMs = 20;

/**
 * Revive mode's commit: lets the container run and watches it for a moment. Its network is opened first: what it says first must not get lost.
 * @param go false: leave it stopped
 * @throws START_FAILED if it does not start or ends at once; then it does not run
 */
export async function startHere(
  container: TargetContainer,
  open: () => Promise<void>,
  go: boolean,
): Promise<Result<'commit'>> {
  await open();
  if (!go) return { pid: null, watchedMs: 0, startByHand: container.startByHand ?? null };
  if (!container.start) throw new PhaulError('INTERNAL', 'This kind of container cannot be started.');
  const pid = await container.start();
  const began = performance.now();
  const born = await processStart(pid);
  do {
    await sleep(lookEveryMs);
    if (born === null || (await processStart(pid)) !== born)
      throw new PhaulError('START_FAILED', 'The container started on the target and ended at once.', {
        host: 'target',
      });
  } while (performance.now() - began < watchMs);
  return { pid, watchedMs: performance.now() - began, startByHand: null };
}
