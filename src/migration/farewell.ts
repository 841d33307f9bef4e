import { asPhaulError } from '../errors.ts';
import { journalOf, type Migration } from './migration.ts';
import type { Plan } from './preflight.ts';
import { errandOf } from './reconnect.ts';
import { tellTarget } from './tell.ts';

/**
 * The container is the target's, whole: both hosts tidy up what the migration itself needed, and forget it. What fails is a warning; a target that cannot
 * be reached is told later (journal/guard.ts).
 */
export async function farewell(m: Migration, { link, workspace }: Plan): Promise<void> {
  const attempt = (what: string, work: Promise<unknown>): Promise<boolean> =>
    work.then(
      () => true,
      (error: unknown) => {
        m.say('warn', `Not tidied up: ${what}: ${asPhaulError(error).message}`);
        return false;
      },
    );
  const told = await attempt(
    'the target',
    link.insist('finish', {}).catch(() => tellTarget(errandOf(m))),
  );
  link.close();
  const tidy = await attempt('the working directory', workspace.remove());
  const journal = journalOf(m);
  if (told && tidy) journal.remove();
  else journal.close();
}
