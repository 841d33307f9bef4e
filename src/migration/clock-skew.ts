/** When a call was sent and its answer heard, as this host's clock has it, and in between the other's; milliseconds since 1970. */
export interface Exchange {
  readonly sent: number;
  readonly received: number;
  readonly answered: number;
  readonly heard: number;
}

export interface Skew {
  readonly aheadMs: number;
  readonly errorMs: number;
}

/** By how much the other host's clock is ahead, and how far that may be wrong: the way there and the way back may take differently long. */
export function clockSkew({ sent, received, answered, heard }: Exchange): Skew {
  return {
    aheadMs: (received - sent + (answered - heard)) / 2,
    errorMs: Math.max(0, (heard - sent - (answered - received)) / 2),
  };
}

/**
 * By how much the other clock was ahead at an earlier time, in ms: as it was measured then, which was beside other work, unless it can still be the same as what is
 * measured now, with nothing beside.
 */
export function skewThen(then: Skew | undefined, now: Skew): number {
  const same = then === undefined || Math.abs(then.aheadMs - now.aheadMs) <= then.errorMs + now.errorMs;
  return same ? now.aheadMs : then.aheadMs;
}

// Less is nothing that a program notices which has stood still.
const muchMs = 500;

/** In words, if it is worth saying. */
export function skewInWords(exchange: Exchange): string | null {
  const { aheadMs, errorMs } = clockSkew(exchange);
  if (Math.abs(aheadMs) - errorMs < muchMs) return null;
  const seconds = (Math.abs(aheadMs) / 1000).toFixed(1);
  return `The target's clock is ${seconds} s ${aheadMs > 0 ? 'ahead of' : 'behind'} this host's: for the container the time of day will jump by that. Let both hosts keep the same time (NTP).`;
}
