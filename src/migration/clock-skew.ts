/** When a call was sent and its answer heard, as this host's clock has it, and in between the other's; milliseconds since 1970. */
export interface Exchange {
  readonly sent: number;
  readonly received: number;
  readonly answered: number;
  readonly heard: number;
}

/** By how much the other host's clock is ahead, and how far that may be wrong: the way there and the way back may take differently long. */
export function clockSkew({ sent, received, answered, heard }: Exchange): {
  aheadMs: number;
  errorMs: number;
} {
  return {
    aheadMs: (received - sent + (answered - heard)) / 2,
    errorMs: Math.max(0, (heard - sent - (answered - received)) / 2),
  };
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
