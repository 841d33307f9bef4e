import { asPhaulError } from '../errors.ts';
import type { Migration } from './migration.ts';
import type { Plan } from './preflight.ts';

/** The container is the target's, whole: both hosts tidy up what the migration itself needed. What fails is a warning. */
export async function farewell(m: Migration, { link, workspace }: Plan): Promise<void> {
  const attempt = (what: string, work: Promise<unknown>): Promise<unknown> =>
    work.catch((error: unknown) => m.say('warn', `Not tidied up: ${what}: ${asPhaulError(error).message}`));
  await attempt('the target', link.insist('finish', {}));
  link.close();
  await attempt('the working directory', workspace.remove({ keepImages: m.options.keepImages }));
}
