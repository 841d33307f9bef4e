import type { Mode } from '../acts.ts';
import { sized } from './amounts.ts';
import type { Iteration } from './events.ts';

const heights = '▁▂▃▄▅▆▇█';

/** Amounts as bars of one character each, the largest as high as can be; none at all is a dot. */
export function spark(amounts: readonly number[]): string {
  const most = Math.max(...amounts);
  return amounts
    .map((amount) => (amount === 0 ? '·' : heights[Math.ceil((amount / most) * heights.length) - 1]))
    .join('');
}

/** What each iteration moved: pages in live mode, bytes of files in revive mode. */
export function amountsOf(iterations: readonly Iteration[], mode: Mode): { bars: string; words: string[] } {
  const moved = iterations.map(({ pages, changedBytes }) => (mode === 'live' ? pages : changedBytes));
  const words = moved.map((amount) => (mode === 'live' ? String(amount) : sized(amount)));
  return { bars: spark(moved), words };
}
