import { killTree } from '../linux/processes.ts';
import { parkedDescriptors } from '../linux/parked-descriptors.ts';
import type { Fill } from '../pages/fill.ts';
import { ownProgram } from '../own-file.ts';
import { postSentry } from '../sentry.ts';

/** What came of the pages that followed a container. */
export interface Filled {
  readonly pages: number;
  /** Of these so many had a task waiting for them. */
  readonly waitedFor: number;
}

// $1: the root task; the others: who goes on with the fill. A task would read zeros where its memory has not come. Without the word at the end, and
// if nobody can go on, the tree is killed first: this process holds the descriptors, so that everybody who touches such a page waits until then.
const watch = `root=$1; shift
read -r word && exit 0
"$@" && exit 0
end() {
  kill -STOP "$1"
  for child in $(cat /proc/"$1"/task/*/children); do end "$child"; done
  kill -KILL "$1"
}
end "$root"`;

const heir = ownProgram('src/service/fill-heir');

interface GuardOptions {
  /** The tree's, which may run from now on. */
  readonly root: number;
  readonly migration: string;
  /** Where the images are, on a tmpfs. */
  readonly directory: string;
}

/**
 * Looks after the pages that follow a restored tree. If this phaul is killed before the last one is in place, another process goes on; if that cannot be,
 * the tree is killed: never may a task go on with memory that is not its own.
 * @throws FILL_FAILED when the tree is dead
 */
export async function guardFill(fill: Fill, { root, migration, directory }: GuardOptions): Promise<Filled> {
  const parked = parkedDescriptors();
  fill.outlive(directory, parked.park);
  const command = [process.execPath, ...process.execArgv, heir, directory, migration];
  const sentry = postSentry(watch, [String(root), ...command], [parked.holder]);
  parked.handedOver();
  try {
    await fill.done;
  } catch (error) {
    await killTree(root);
    throw error;
  } finally {
    // As long as it holds the descriptors fresh memory is waited for too, and must be served.
    sentry.say('done');
    await sentry.ended;
    parked.close();
    fill.close();
  }
  const { total, waitedFor } = fill.progress();
  return { pages: total, waitedFor };
}
