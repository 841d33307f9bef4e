import type { PhaulError } from '../errors.ts';
import type { ErrorReport } from '../observe/events.ts';

/** An error as users and programs see it. @param notUndone what the rollback could not undo */
export function report(error: PhaulError, notUndone: readonly string[]): ErrorReport {
  const { sourceState = 'unknown', cause: _cause, hint: _hint, ...details } = error.details;
  return {
    code: error.code,
    message: error.message,
    hint: error.hint,
    ...details,
    sourceState,
    ...(notUndone.length > 0 ? { notUndone } : {}),
    exitCode: error.exitCode,
  };
}
