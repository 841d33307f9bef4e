import type { Handlers } from '../rpc/methods.ts';
import { notAborted, present, type Room } from './room.ts';

type TakingOver = Pick<Handlers, 'standBy' | 'takeOver'>;

/** Devices that one host only may use: this one takes them over when the source has let go of them, before the container exists here. */
export function takingOver(room: Room): TakingOver {
  const { phase } = room;
  return {
    standBy: async () => {
      phase.demand(present(room.checked).mode === 'live' ? 'armed' : 'prepared');
      // The source takes nothing back before it has this host's word: so this host must remember, and wait for the source's.
      await present(room.journal).record('standby');
      notAborted(room);
      phase.enter('standby');
      return {};
    },
    takeOver: async () => {
      phase.demand('standby');
      await present(room.parts).devices.takeOver();
      notAborted(room);
      phase.enter('taken');
      return {};
    },
  };
}
