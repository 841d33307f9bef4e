import { asPhaulError } from '../errors.ts';
import type { Summary } from '../observe/events.ts';
import type { Migration } from './migration.ts';
import type { Plan } from './preflight.ts';

/**
 * Fill: the container runs on the target, and the rest of its memory, which is there, is put in place behind it. Null if the connection breaks
 * meanwhile: the target does not need it.
 * @throws FILL_FAILED
 */
export async function fill(m: Migration, { link }: Plan): Promise<Summary['fill']> {
  try {
    return await link.insist('fill', {});
  } catch (thrown) {
    const error = asPhaulError(thrown);
    if (error.code === 'FILL_FAILED') throw error.with({ sourceState: 'unknown' });
    m.say(
      'warn',
      `${error.message} The container runs on ${link.host}; whether all of its memory came into place cannot be said from here.`,
    );
    return null;
  }
}
