import { setTimeout as sleep } from 'node:timers/promises';
import { PhaulError } from '../errors.ts';
import type { Landed } from '../journal/story.ts';
import { processStart } from '../linux/processes.ts';
import { present, type Room } from './room.ts';

// A command that cannot work here (a missing library, a port in use) ends within this time, as a rule.
const watchMs = 1000;
const lookEveryMs = 20;

/**
 * Revive mode's commit: lets the container run, unless it is to be left stopped, and watches it for a moment. Its network is opened first: what it says
 * first must not get lost.
 * @throws START_FAILED if it does not start or ends at once; then it does not run
 */
export async function startHere(room: Room, open: () => Promise<void>): Promise<Landed> {
  const { container } = present(room.parts);
  const journal = present(room.journal);
  await open();
  if (!present(room.choices).start)
    return { pid: null, watchedMs: 0, startByHand: container.revive?.startByHand ?? null };
  if (!container.revive) throw new PhaulError('INTERNAL', 'This kind of container cannot be started.');
  journal.note({ state: 'running' });
  const pid = await container.revive.start();
  const began = performance.now();
  const born = await processStart(pid);
  if (born !== null) journal.note({ tree: { pid, start: born, criu: null } });
  do {
    await sleep(lookEveryMs);
    if (born === null || (await processStart(pid)) !== born)
      throw new PhaulError('START_FAILED', 'The container started on the target and ended at once.', {
        host: 'target',
      });
  } while (performance.now() - began < watchMs);
  return { pid, watchedMs: performance.now() - began, startByHand: null };
}
