import { asPhaulError, PhaulError } from '../errors.ts';
import type { Handlers } from '../rpc/methods.ts';
import { landing } from './landing.ts';
import { notAborted, only, present, type Room } from './room.ts';
import { tidyUp } from './tidy-up.ts';

type Deciding = Pick<Handlers, 'checkpoint' | 'ready' | 'commit' | 'fill' | 'finish'>;

const fillingEveryMs = 250;

/** What the target does from the last checkpoint on. @param onFilling how much of the memory that follows is in place, in pages */
export function deciding(
  room: Room,
  onFilling: (progress: { total: number; placed: number }) => void,
): Deciding {
  const { phase, say } = room;
  const afterLastFiles = async (): Promise<void> => {
    const { container, replaced } = present(room.parts);
    await container.complete?.();
    if (replaced) await container.replaced?.();
  };
  /** From here a source that falls silent may have decided: only its word ends the waiting. */
  const complete = async <T>(work: () => Promise<T>): Promise<T> => {
    const [result] = await Promise.all([work(), present(room.journal).record('ready')]);
    notAborted(room);
    phase.enter('restored');
    return result;
  };

  return {
    checkpoint: async ({ iteration, last }) => {
      phase.demand(present(room.parts).devices.takenOver ? 'taken' : 'armed');
      if (!last) throw new PhaulError('PROTOCOL_ERROR', 'This release takes one checkpoint, the last.');
      phase.once('checkpoint');
      return complete(async () => {
        await afterLastFiles();
        return { images: await present(room.restore).create(iteration) };
      });
    },
    ready: async () => {
      phase.demand(present(room.parts).devices.takenOver ? 'taken' : 'prepared');
      only(room, 'revive');
      phase.once('ready');
      return complete(async () => {
        await afterLastFiles();
        return {};
      });
    },
    commit: async ({ devices }) => {
      // Asked once more over another connection: the same answer.
      if (room.landing) return room.landing.outcome;
      phase.demand('restored');
      notAborted(room);
      phase.enter('committed');
      room.landing = landing(room, devices);
      const outcome = await room.landing.outcome;
      // From here the container has run: nothing may take it back, whatever fails.
      if (outcome.outcome === 'landed') room.undo.clear();
      return outcome;
    },
    fill: async () => {
      phase.demand('committed');
      only(room, 'live');
      const { filled, progress } = present(room.restore);
      const timer = setInterval(() => onFilling(progress()), fillingEveryMs);
      return filled().finally(() => clearInterval(timer));
    },
    finish: async () => {
      phase.demand('committed', 'aborted');
      if ((await room.landing?.outcome)?.outcome === 'landed') {
        await room.restore?.filled().catch((error: unknown) => say('warn', asPhaulError(error).message));
        await tidyUp(room);
      }
      phase.enter('finished');
      room.journal?.remove();
      return {};
    },
  };
}
