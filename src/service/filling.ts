import { parkedDescriptors } from '../linux/parked-descriptors.ts';
import type { Fill } from '../pages/fill.ts';
import { killTree } from '../linux/processes.ts';
import { postSentry } from '../sentry.ts';

/** What came of the pages that followed a container. */
export interface Filled {
  readonly pages: number;
  /** Of these so many had a task waiting for them. */
  readonly waitedFor: number;
}

// A task would read zeros where its memory has not come. Without the word at the end the tree is killed first: this process holds the
// descriptors, so that everybody who touches such a page waits until then.
const watch = `read -r word && exit 0
end() {
  kill -STOP "$1"
  for child in $(cat /proc/"$1"/task/*/children); do end "$child"; done
  kill -KILL "$1"
}
end "$1"`;

/**
 * Looks after the pages that follow a restored tree which may run from now on. If they cannot, or this phaul is killed before the last one is in
 * place, the tree is killed: never may a task go on with memory that is not its own.
 * @throws FILL_FAILED when the tree is dead
 */
export async function guardFill(fill: Fill, root: number): Promise<Filled> {
  const later = parkedDescriptors();
  const sentry = postSentry(watch, [String(root)], [later.holder, ...fill.descriptors(later.park)]);
  later.handedOver();
  try {
    await fill.done;
  } catch (error) {
    await killTree(root);
    throw error;
  } finally {
    // As long as it holds the descriptors fresh memory is waited for too, and must be served.
    sentry.say('done');
    await sentry.ended;
    later.close();
    fill.close();
  }
  const { total, waitedFor } = fill.progress();
  return { pages: total, waitedFor };
}
