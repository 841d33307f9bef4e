import { codes, type ErrorCode } from './error-codes.ts';

/** What the container on the source is doing when an error reaches the user. */
export type SourceState = 'running' | 'frozen' | 'stopped' | 'gone' | 'unknown';

export type HostRole = 'source' | 'target';

export interface ErrorDetails {
  readonly hint?: string;
  readonly act?: string;
  readonly host?: HostRole;
  readonly sourceState?: SourceState;
  /** The line of a log that names the cause, for instance CRIU's. */
  readonly logLine?: string;
  /** Where the whole log is kept, as a path on `host`. */
  readonly logFile?: string;
  readonly cause?: unknown;
  /** Every reason, where preflight found several. */
  readonly refusals?: readonly Refusal[];
  /** What could not be undone. */
  readonly notUndone?: readonly string[];
}

/** One reason why a migration may not begin; preflight collects them all. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
  readonly host: HostRole;
}

const preflightRefused = 3;

/** Every failure that a user sees: a stable code, one sentence, the container's state, what to do next. */
export class PhaulError extends Error {
  override readonly name = 'PhaulError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.details = details;
  }

  get hint(): string {
    return this.details.hint ?? codes[this.code].hint;
  }

  get exitCode(): number {
    return this.details.refusals ? preflightRefused : codes[this.code].exit;
  }

  /** The same error with what was learned further up: details given here win over nothing, not over those present. */
  with(details: ErrorDetails): PhaulError {
    return new PhaulError(this.code, this.message, {
      ...details,
      ...definedOf(this.details),
      cause: this.cause,
    });
  }
}

/** Any thrown value as a PhaulError; what is not one already is a defect of phaul and says so. */
export function asPhaulError(thrown: unknown, code: ErrorCode = 'INTERNAL'): PhaulError {
  if (thrown instanceof PhaulError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new PhaulError(code, message, { cause: thrown });
}

function definedOf<T extends object>(object: T): Partial<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Partial<T>;
}
