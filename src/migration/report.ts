import type { PhaulError } from '../errors.ts';
import type { ErrorReport } from '../observe/events.ts';

/** An error as users and programs see it. */
export function report(error: PhaulError): ErrorReport {
  const { sourceState = 'unknown', cause: _cause, hint: _hint, ...details } = error.details;
  return {
    code: error.code,
    message: error.message,
    hint: error.hint,
    ...details,
    sourceState,
    exitCode: error.exitCode,
  };
}
