import type { HostRole } from '../errors.ts';

/** The worst first. */
export const levels = ['error', 'warn', 'info', 'debug'] as const;
export type Level = (typeof levels)[number];

/** What a record is about, as far as that is known. */
export interface About {
  /** Id of the migration. */
  readonly migration?: string | undefined;
  readonly container?: string | undefined;
  /** Where it happened. */
  readonly host?: HostRole | undefined;
  readonly act?: string | undefined;
  /** Of an error: docs/errors.md lists them. */
  readonly code?: string | undefined;
}

/** One line of a host's log: for whoever collects logs, and not for whoever waits for a migration. */
export interface LogRecord extends About {
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly level: Level;
  readonly message: string;
}

/** Writes one down. Never throws, and nobody waits. */
export type Log = (record: Omit<LogRecord, 'time'> & { readonly time?: string }) => void;

export const noLog: Log = () => undefined;
