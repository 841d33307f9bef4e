import type { Act, Mode } from '../acts.ts';
import type { ErrorCode } from '../error-codes.ts';
import type { HostRole, Refusal, SourceState } from '../errors.ts';

/** What happened, without who and when. */
export type Happening =
  | { readonly type: 'start'; readonly container: string; readonly target: string; readonly mode: Mode }
  | { readonly type: 'act-begin'; readonly act: Act }
  | { readonly type: 'act-end'; readonly act: Act; readonly actMs: number }
  /** Which fs drivers move what, and why. */
  | { readonly type: 'files'; readonly files: readonly FileReport[] }
  | ({ readonly type: 'iteration' } & Iteration)
  /** Why the iterations end (or never began). */
  | { readonly type: 'decision'; readonly reason: string }
  /** The container stands still on the source. */
  | { readonly type: 'frozen' }
  /** Revive mode: the container has ended on the source. */
  | ({ readonly type: 'stopped' } & StopReport)
  /** The container runs on the target. */
  | { readonly type: 'running'; readonly freezeMs: number }
  /** Pages of memory that follow the running container, and how many of them are in place. */
  | { readonly type: 'filling'; readonly total: number; readonly placed: number }
  /** Revive mode with --no-start: it is complete on the target and does not run. */
  | { readonly type: 'left-stopped' }
  | { readonly type: 'warning' | 'log'; readonly text: string }
  /** Something is being undone. */
  | { readonly type: 'undo'; readonly name: string }
  | Result;

export interface Iteration {
  readonly number: number;
  /** Memory pages sent, and those that had not changed since the round before; 0 in revive mode. */
  readonly pages: number;
  readonly skippedPages: number;
  /** Bytes of the fs sync over the channel, those of changed contents among them, and files. */
  readonly fsBytes: number;
  readonly changedBytes: number;
  readonly files: number;
  readonly roundMs: number;
  /** Of that: CRIU's pre-dump, and the fs sync; 0 and all of it in revive mode. */
  readonly dumpMs: number;
  readonly filesMs: number;
  /** How long the container would stand still if it were frozen after this round; null: not known yet, or revive mode. */
  readonly predictedFreezeMs: number | null;
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
  readonly mode: Mode;
  readonly htype: string;
  readonly files: readonly FileReport[];
  readonly acts: readonly { readonly act: Act; readonly ms: number }[];
  /** How it was stopped; null in live mode. */
  readonly stop: StopReport | null;
  /**
   * How long it did not run, as seen by the source. Live mode: from the freeze to the first instruction on the target. Revive mode: from
   * the end of its last process to its start on the target.
   */
  readonly freezeMs: number;
  /** What was expected of it when the iterations ended; null: nothing was. */
  readonly predictedFreezeMs: number | null;
  readonly iterations: readonly Iteration[];
  /** Memory pages sent in the freeze and before it. */
  readonly pages: number;
  /** `fs`: all of the files' bytes over the channel, `firstCopy` and `lastSync` (while it stood still) among them. */
  readonly bytes: {
    readonly mem: number;
    readonly images: number;
    readonly fs: number;
    readonly firstCopy: number;
    readonly lastSync: number;
  };
  /** Pages that were put in place after its start, and how many of them a task had to wait for; null: none were. */
  readonly fill: { readonly pages: number; readonly waitedFor: number } | null;
  /** Process id of the container's root task on the target; null if it was left stopped there in revive mode. */
  readonly pid: number | null;
  /** The command that starts it on the target, where it was left stopped. */
  readonly startWith: string | null;
  readonly warnings: readonly string[];
}

/** Trees that one fs driver moves, and why that one. */
export interface FileReport {
  readonly driver: string;
  readonly trees: readonly string[];
  readonly reason: string;
}

export interface StopReport {
  /** The signal that the container was asked with. */
  readonly signal: string;
  /** It did not end within --stop-timeout and was killed. */
  readonly killed: boolean;
  readonly stopMs: number;
}

/** What a migration would do, found out by preflight alone. */
export interface PlanReport {
  readonly target: string;
  readonly mode: Mode;
  readonly htype: string;
  readonly files: readonly FileReport[];
  readonly devices: readonly string[];
  /** Resident memory now, in bytes. */
  readonly memory: number;
  /** Whether memory would move in iterations before the freeze. */
  readonly preDump: boolean;
  /** Whether it would run before all of its memory is in place. */
  readonly lazy: boolean;
}

/** What `phaul check` without a target found on this host. */
export interface HereReport {
  /** Its version; null in revive mode, which needs none. */
  readonly criu: string | null;
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
