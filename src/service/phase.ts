import { PhaulError } from '../errors.ts';

/** Where the target's session stands. Each call is allowed in some phases only. */
export type Phase =
  | 'new'
  | 'greeted'
  | 'checked'
  | 'begun'
  | 'prepared'
  | 'armed'
  | 'standby'
  | 'taken'
  | 'restored'
  | 'committed'
  | 'finished'
  | 'aborted';

const next = {
  new: ['greeted', 'aborted'],
  greeted: ['checked', 'aborted'],
  checked: ['begun', 'checked', 'aborted'],
  begun: ['prepared', 'aborted'],
  // In revive mode nothing is armed.
  prepared: ['armed', 'standby', 'restored', 'aborted'],
  armed: ['standby', 'restored', 'aborted'],
  // Where there are devices to be taken over.
  standby: ['taken', 'aborted'],
  taken: ['restored', 'aborted'],
  restored: ['committed', 'aborted'],
  // The restore can still fail inside CRIU; then nothing has run here and the source takes the container back.
  committed: ['finished', 'aborted'],
  finished: [],
  // The source knows.
  aborted: ['finished'],
} as const satisfies Record<Phase, readonly Phase[]>;

export interface PhaseKeeper {
  readonly now: () => Phase;
  /** @throws PROTOCOL_ERROR naming both phases */
  readonly enter: (phase: Phase) => void;
  /** @throws PROTOCOL_ERROR if the session is in none of these. */
  readonly demand: (...phases: Phase[]) => void;
  /** What fails half-way is undone, not tried again. @throws PROTOCOL_ERROR the second time */
  readonly once: (call: string) => void;
}

export function phaseKeeper(): PhaseKeeper {
  let phase: Phase = 'new';
  const begun = new Set<string>();
  return {
    now: () => phase,
    enter: (to) => {
      const allowed: readonly Phase[] = next[phase];
      if (!allowed.includes(to)) throw outOfOrder(`go from ${phase} to ${to}`);
      phase = to;
    },
    demand: (...phases) => {
      if (!phases.includes(phase)) throw outOfOrder(`do that while ${phase}`);
    },
    once: (call) => {
      if (begun.has(call)) throw outOfOrder(`${call} twice`);
      begun.add(call);
    },
  };
}

function outOfOrder(what: string): PhaulError {
  return new PhaulError('PROTOCOL_ERROR', `The target's session cannot ${what}.`);
}
