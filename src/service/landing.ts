import type { Json } from '../contracts/context.ts';
import { asPhaulError } from '../errors.ts';
import type { Journal } from '../journal/journal.ts';
import type { Landed } from '../journal/story.ts';
import type { Outcome } from '../rpc/methods.ts';
import { toWire } from '../wire-error.ts';
import { present, type Room } from './room.ts';
import { startHere } from './start.ts';

/** The commit on the target: the container is let run, or nothing of it is left that could. */
export interface Landing {
  /** @throws if neither is certain: then the journal says what was begun, and whoever comes next looks what there is */
  readonly outcome: Promise<Outcome>;
}

/** @param handed what the source's devices handed over */
export function landing(room: Room, handed: readonly Json[]): Landing {
  const { container, devices } = present(room.parts);
  const journal = present(room.journal);
  const { say } = room;

  /** Too late to refuse: a device that fails is a warning. */
  const open = (): Promise<void> => devices.activate(handed);
  const takeOff = async (): Promise<Landed> => {
    if (!room.restore) return startHere(room, open);
    const { pid } = await room.restore.letGo(open, devices.silence);
    return { pid, watchedMs: 0, startByHand: null };
  };
  /** The source takes the container back as soon as it hears of the failure. */
  const leaveNothing = async (): Promise<void> => {
    if (room.restore) {
      await devices.silence();
      await room.restore.kill();
    }
    await container.abort();
    await devices.abort();
  };
  /** It is certain, and the source is to hear it, even if the disk is full: what it relies on, `committed`, has been written. */
  const recordOutcome = (...outcome: Parameters<Journal['record']>): Promise<void> =>
    journal.record(...outcome).catch((error: unknown) => {
      say('warn', `The target's journal cannot be written: ${asPhaulError(error).message}`);
    });
  const land = async (): Promise<Outcome> => {
    let landed: Landed;
    try {
      await journal.record('committed');
      landed = await takeOff();
    } catch (thrown) {
      await leaveNothing();
      await recordOutcome('undone');
      return { outcome: 'undone', error: toWire(asPhaulError(thrown)), failures: [] };
    }
    await recordOutcome('landed', { landing: landed });
    return { outcome: 'landed', ...landed };
  };
  const outcome = land();
  outcome.catch(() => undefined);
  return { outcome };
}
