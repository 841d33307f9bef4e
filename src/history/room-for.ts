import type { PhaulEvent } from '../observe/events.ts';

const amounts: ReadonlySet<string> = new Set(['progress', 'copying', 'filling']);
const amountsBytes = 2 ** 20;
const mostBytes = 4 * 2 ** 20;

/**
 * Whether the history of one migration has room for one more event: what only counts up comes four times a second for as long as it takes, and the other
 * host may say as many words as it likes. How it ended is always kept.
 */
export function roomFor({ type }: Pick<PhaulEvent, 'type'>, written: number): boolean {
  if (type === 'result') return true;
  return written < (amounts.has(type) ? amountsBytes : mostBytes);
}
