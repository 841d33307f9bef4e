import type { ErrorCode } from '../error-codes.ts';
import type { Past } from './past.ts';

/** What came of a migration, in one word. `undone`: phaul was killed, or the hosts lost each other, and the container stayed the source's, or came back. */
export type Outcome = 'moved' | 'cancelled' | 'refused' | 'failed' | 'undone' | 'lost';

const byUser: readonly ErrorCode[] = ['CANCELLED', 'TERMINATED'];
// Nothing had been touched (docs/errors.md).
const beforehand: readonly number[] = [3, 4];

export function outcomeOf({ end, result }: Past): Outcome {
  if (end.lost !== null) return 'lost';
  const error = result?.ok === false ? result.error : null;
  // It ran there, and was killed.
  if (error?.code === 'FILL_FAILED') return 'lost';
  if (end.moved) return 'moved';
  // Settled later, by somebody else.
  if (!error || error.code === 'IN_DOUBT') return 'undone';
  if (byUser.includes(error.code)) return 'cancelled';
  return beforehand.includes(error.exitCode) ? 'refused' : 'failed';
}
