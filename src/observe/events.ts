import type { Act } from '../acts.ts';
import type { ErrorCode } from '../error-codes.ts';
import type { HostRole, Refusal, SourceState } from '../errors.ts';

/** What happened, without who and when. */
export type Happening =
  | { readonly type: 'start'; readonly container: string; readonly target: string; readonly mode: 'live' }
  | { readonly type: 'act-begin'; readonly act: Act }
  | { readonly type: 'act-end'; readonly act: Act; readonly actMs: number }
  | ({ readonly type: 'iteration' } & Iteration)
  /** Why the iterations end (or never began). */
  | { readonly type: 'decision'; readonly reason: string }
  /** The container stands still on the source. */
  | { readonly type: 'frozen' }
  /** The container runs on the target. */
  | { readonly type: 'running'; readonly freezeMs: number }
  | { readonly type: 'warning' | 'log'; readonly text: string }
  /** Something is being undone. */
  | { readonly type: 'undo'; readonly name: string }
  | Result;

export interface Iteration {
  readonly number: number;
  /** Memory pages sent, and those that had not changed since the round before. */
  readonly pages: number;
  readonly skippedPages: number;
  /** Bytes and files of the fs sync. */
  readonly fsBytes: number;
  readonly files: number;
  readonly roundMs: number;
}

/** The last event of every run, and the only one that --json guarantees exactly once. */
export type Result =
  | ({ readonly type: 'result'; readonly ok: true } & Summary)
  | { readonly type: 'result'; readonly ok: true; readonly plan: PlanReport }
  | { readonly type: 'result'; readonly ok: true; readonly here: HereReport }
  | { readonly type: 'result'; readonly ok: false; readonly error: ErrorReport };

export interface Summary {
  readonly container: string;
  /** Host names as the hosts give them. */
  readonly source: string;
  readonly target: string;
  readonly mode: 'live';
  readonly htype: string;
  readonly fs: string;
  readonly acts: readonly { readonly act: Act; readonly ms: number }[];
  /** From the freeze on the source to the first instruction on the target, as seen by the source. */
  readonly freezeMs: number;
  readonly iterations: readonly Iteration[];
  /** Memory pages sent in the freeze and before it. */
  readonly pages: number;
  readonly bytes: { readonly mem: number; readonly images: number; readonly fs: number };
  /** Process id of the container's root task on the target. */
  readonly pid: number;
  readonly warnings: readonly string[];
}

/** What a migration would do, found out by preflight alone. */
export interface PlanReport {
  readonly target: string;
  readonly htype: string;
  readonly fs: string;
  readonly devices: readonly string[];
  /** Directories that would be copied. */
  readonly trees: readonly string[];
  /** Resident memory now, in bytes. */
  readonly memory: number;
  /** Whether memory would move in iterations before the freeze. */
  readonly preDump: boolean;
}

/** What `phaul check` without a target found on this host. */
export interface HereReport {
  readonly criu: string;
  /** The kernel tracks written memory: it can move in iterations before the freeze. */
  readonly preDump: boolean;
  readonly container: string | null;
}

export interface ErrorReport {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
  readonly sourceState: SourceState;
  readonly act?: string;
  readonly host?: HostRole;
  readonly logLine?: string;
  readonly logFile?: string;
  readonly refusals?: readonly Refusal[];
  /** What could not be undone. */
  readonly notUndone?: readonly string[];
  readonly exitCode: number;
}

/** One entry of the event stream. */
export type PhaulEvent = Happening & {
  readonly migration: string;
  /** Wall clock, ISO 8601. */
  readonly time: string;
  /** Milliseconds since the start of the migration, by the monotonic clock. */
  readonly ms: number;
  readonly host: HostRole;
};

export type Listener = (event: PhaulEvent) => void;

/** Stamps happenings of one migration and hands them to every listener. */
export function emitter(
  migration: string,
  listeners: readonly Listener[],
): (what: Happening, host?: HostRole) => void {
  const began = performance.now();
  return (what, host = 'source') => {
    const ms = Math.round((performance.now() - began) * 10) / 10;
    const event: PhaulEvent = { ...what, migration, time: new Date().toISOString(), ms, host };
    for (const listener of listeners) listener(event);
  };
}
