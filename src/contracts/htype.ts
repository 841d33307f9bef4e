import type { Mode } from '../acts.ts';
import type { Refusal } from '../errors.ts';
import type { DriverContext, Json, Tree } from './context.ts';
import type { DumpSettings, RestoreSettings } from './criu-settings.ts';

/** The driver for one kind of container. */
export interface HType {
  readonly kind: 'htype';
  readonly name: string;
  readonly apiVersion: 1;
  readonly description: string;
  readonly capabilities: {
    /** CRIU can move it while it runs. */
    readonly live: boolean;
    /** Its memory can be copied in iterations before the freeze. */
    readonly preDump: boolean;
    /** It can be stopped and started: `SourceContainer.revive` and `TargetContainer.start` are there. */
    readonly revive: boolean;
  };
  /** On the source: whether there is a container of that name here. Must be quick and change nothing. */
  readonly knows: (name: string) => Promise<boolean>;
  /** On the source, once per migration. Throws CONTAINER_STATE and the like. */
  readonly source: (name: string, options: HTypeOptions, ctx: DriverContext) => Promise<SourceContainer>;
  /** On the target, once per migration, with what `SourceContainer.describe` gave; validates `meta`. */
  readonly target: (description: ContainerDescription, ctx: DriverContext) => TargetContainer;
}

export interface HTypeOptions {
  /** --dst-id: the name on the target. */
  readonly targetId?: string | undefined;
  /** --pid-root: the directory of files that go with a plain process tree. */
  readonly pidRoot?: string | undefined;
  /** --dst-rpid: file on the target that receives the pid of the restored root task. */
  readonly targetPidFile?: string | undefined;
}

/** What the target must know of the container. Crosses the wire. */
export interface ContainerDescription {
  readonly htype: string;
  /** The name on the target. */
  readonly id: string;
  /** Files that go with the container. */
  readonly trees: readonly Tree[];
  /** Files and directories outside of the trees that must exist on the target. */
  readonly needs: readonly string[];
  /** What only this htype's other half understands. */
  readonly meta: Json;
}

/** The container on the source. */
export interface SourceContainer {
  readonly description: ContainerDescription;
  /** The root of the process tree, as a pid of this host. */
  readonly pid: number;
  /** The network namespace, where it is one with a name of its own (a path); else null. */
  readonly networkNamespace: string | null;
  /** What CRIU must be told at each dump. */
  readonly dump: DumpSettings;
  /** Preflight. Changes nothing. */
  readonly refusals: (mode: Mode) => Promise<Refusal[]>;
  /** Files in the trees, as paths of this host, that the container has mapped shared and writable. It may be frozen; be quick. */
  readonly mappedFiles: () => Promise<string[]>;
  /** The directory of the cgroup that holds its processes and nobody else, of version 2, or of the freezer with version 1; null: there is none. */
  readonly cgroup: string | null;
  /** After the commit, when the processes are dead: remove the container from this host; its files stay, marked as left. */
  readonly release: (target: string) => Promise<void>;
  /** How it is stopped and started again; only with the capability `revive`. */
  readonly revive?: Revival;
}

/** Revive mode on the source. */
export interface Revival {
  /**
   * Stops the container as a person would: its own stop signal, then SIGKILL if it has not ended `graceMs` later. Its files stay
   * mounted where they are. Not to be interrupted: it takes as long as it takes.
   * @throws STOP_FAILED if even SIGKILL does not end it, and, with the `sourceState` stopped, if it has ended by itself before
   */
  readonly stop: (graceMs: number) => Promise<Stop>;
  /** Right before the commit: false if somebody else has started it again meanwhile. Be quick. */
  readonly stillStopped: () => Promise<boolean>;
  /** Undo of `stop`: starts it again, from the files that are here, unless somebody else has. @throws DRIVER_FAILED */
  readonly start: () => Promise<void>;
  /**
   * The same as a shell command: for an operator, and, repeated until it succeeds, for the next phaul if this one is killed. As long as the
   * container runs it must fail and change nothing.
   */
  readonly startByHand: string;
}

export interface Stop {
  /** The signal that it was asked with, for instance `SIGTERM`. */
  readonly signal: string;
  /** It did not end in time and was killed. */
  readonly killed: boolean;
}

/**
 * The container-to-be on the target. Order of calls in live mode: refusals, prepare, restore, (replaced), restored, then started or
 * abort; in revive mode: refusals, prepare, (replaced), start, then started or abort.
 */
export interface TargetContainer {
  /** Preflight: name taken, something missing. Changes nothing. */
  readonly refusals: () => Promise<Refusal[]>;
  /** Files are there for the first time (they may still change); the container runs on the source. Everything slow goes here. */
  readonly prepare: (
    mode: Mode,
    /** `replaced` will be called: what has the trees mounted is made here only to see early what would fail. */
    again: boolean,
  ) => Promise<void>;
  /** The last files are there, and some tree is another directory now (`FsDriver.capabilities.replaces`). Be quick. */
  readonly replaced?: () => Promise<void>;
  /**
   * Revive mode: let it run. Gives its root task's pid on this host. @throws START_FAILED with the reason; then `abort` follows.
   */
  readonly start?: () => Promise<number>;
  /** Revive mode: the shell command with which an operator starts it here, if it was left stopped. */
  readonly startByHand?: string;
  /** What CRIU must be told at the restore. The container is frozen on the source; be quick. */
  readonly restore: () => Promise<RestoreSettings>;
  /** All tasks exist, none has run an instruction. `pid`: the root task on this host. Frozen on the source; be quick. */
  readonly restored: (pid: number) => Promise<void>;
  /** The container runs here and belongs here. Tidy up what only the restore needed. */
  readonly started: () => Promise<void>;
  /** The migration was undone at any point: leave nothing. Idempotent. */
  readonly abort: () => Promise<void>;
}
