import { deferred } from '../deferred.ts';
import { asPhaulError, PhaulError } from '../errors.ts';

let first: PhaulError | null = null;

/** The first error that nobody has caught; null: there was none. */
export const uncaught = (): PhaulError | null => first;

/** An error that nobody has caught, in words for the user. */
export function crashed(cause: unknown, why = asPhaulError(cause).message): PhaulError {
  return new PhaulError('INTERNAL', `phaul itself failed (${why}).`, { cause });
}

/**
 * From here on an uncaught error ends nothing by itself: Node would leave a stack trace and no result. It is kept for whoever looks; the result of `work` is still waited for,
 * unless nothing is left that it could wait for.
 * @throws INTERNAL, what `work` throws
 */
export async function withoutCrash(work: () => Promise<unknown>): Promise<void> {
  const { promise, reject } = deferred<never>();
  const onUncaught = (cause: unknown): void => void (first ??= crashed(cause));
  const onDrained = (): void => reject(first ?? crashed(null, 'there is nothing left to wait for'));
  process.on('uncaughtException', onUncaught).once('beforeExit', onDrained);
  try {
    await Promise.race([work(), promise]);
  } finally {
    process.off('beforeExit', onDrained);
  }
}
