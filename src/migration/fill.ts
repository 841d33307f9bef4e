import { asPhaulError, PhaulError } from '../errors.ts';
import type { Summary } from '../observe/events.ts';
import type { Migration } from './migration.ts';
import type { Plan } from './preflight.ts';
import { errandOf, reconnectWithin } from './reconnect.ts';

// From each break on. The container runs; nobody waits for this.
const patienceMs = 30_000;

/**
 * Fill: the container runs on the target, and the rest of its memory, which is there, is put in place behind it. Null if the target cannot be reached any
 * more: it does not need the source for that.
 * @throws FILL_FAILED
 */
export async function fill(m: Migration, { link }: Plan): Promise<Summary['fill']> {
  for (;;) {
    try {
      return await link.insist('fill', {});
    } catch (thrown) {
      const error = asPhaulError(thrown);
      if (error.code === 'FILL_FAILED') throw error.with({ sourceState: 'unknown' });
      const broken = error.code === 'LINK_LOST';
      const resumed = broken ? await reconnectWithin(errandOf(m), patienceMs).catch(() => null) : null;
      if (!resumed) {
        const unsure = 'whether all of its memory came into place cannot be said from here';
        m.say('warn', `${error.message} The container runs on ${link.host}; ${unsure}.`);
        return null;
      }
      const { found } = resumed;
      link.continueOn(resumed.link);
      if (found.outcome !== 'landed') continue;
      if (found.lost !== null) throw new PhaulError('FILL_FAILED', found.lost, { sourceState: 'unknown' });
      if (found.filled) return found.filled;
    }
  }
}
