import { PhaulError } from '../errors.ts';
import { run } from '../run.ts';
import { clearWorkspace } from '../workspace.ts';
import { lockContainer } from './container-lock.ts';
import type { Journal } from './journal.ts';
import type { Story, When } from './story.ts';

/**
 * Runs what a process that has died wrote down for this end, each once, what it noted last first. Then its working directory goes.
 * @throws DRIVER_FAILED if one fails that must not; it and those after it are due as before
 */
export async function executeWills(journal: Journal, when: When): Promise<void> {
  const { wills, migration, role } = journal.story();
  const due = wills.filter((will) => will.when === when);
  for (const { number, command, must } of due.toReversed()) {
    const [program = '', ...args] = command;
    await run(program, args).catch((error: unknown) => {
      // Of the others what has been done already fails here, and that is fine.
      if (must) throw error;
    });
    journal.note({ withdrawn: number });
  }
  await clearWorkspace(migration, role);
  forgetLock(journal.story());
}

/** The lock itself ended with the process that had it; its file did not. */
function forgetLock({ htype, container, role }: Story): void {
  try {
    lockContainer(htype, container, role)();
  } catch (error) {
    // Somebody has it again.
    if (!(error instanceof PhaulError)) throw error;
  }
}
