import type { Mode } from '../acts.ts';
import type { Refusal } from '../errors.ts';
import type { DriverContext, Json, Tree } from './context.ts';
import type { DumpSettings, RestoreSettings } from './criu-settings.ts';
import type { Driver } from './driver.ts';

/**
 * The driver for one kind of container. It has two halves, one object on each host for each migration: `source` and `target` make them.
 *
 * What holds for every member: the core calls it through contracts/guarded.ts, so it need not count calls, look at `ctx.signal` before it begins, or say
 * whose error it is. Times are milliseconds, sizes bytes, paths absolute, pids those of the host it runs on. An error with one of phaul's codes in
 * `code` keeps that code and its words; any other becomes DRIVER_FAILED. Before the commit a throw undoes the migration, and the
 * container goes on at the source.
 */
export interface HType extends Driver<'htype', HTypeCapabilities> {
  /**
   * On the source, first of all: is there a container of that name here? It runs, or not. Changes nothing; at most 10 s. Asked with any name that a
   * container may have, of whatever kind. A throw ends the command.
   */
  readonly knows: (name: string) => Promise<boolean>;
  /**
   * The names of this host's containers, which run or not: a shell that completes what is typed offers them. Asked at any time, without a migration.
   * Changes nothing; be quick, somebody waits for it, and at most 10 s. A throw is taken for no names.
   */
  readonly list?: () => Promise<readonly string[]>;
  /**
   * On the source, once, in preflight: the container runs. Changes nothing; at most 60 s.
   * @throws CONTAINER_UNKNOWN, CONTAINER_STATE if it does not run; nothing has been touched then
   */
  readonly source: (name: string, options: HTypeOptions, ctx: DriverContext) => Promise<SourceContainer>;
  /**
   * On the target, once, in preflight, with what the source's half says in `description`. Validates `meta`, which comes from the other host, and
   * changes nothing. @throws PROTOCOL_ERROR if no honest source would say that
   */
  readonly target: (description: ContainerDescription, ctx: DriverContext) => TargetContainer;
}

export interface HTypeCapabilities {
  /** CRIU can move it while it runs. */
  readonly live: boolean;
  /** Its memory can be copied in iterations before the freeze. */
  readonly preDump: boolean;
  /** It can be stopped and started: both halves have a `revive`. */
  readonly revive: boolean;
}

export interface HTypeOptions {
  /** How it is to be moved, where that is known. */
  readonly mode?: Mode;
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

/**
 * The container on the source. Order of calls: refusals, mappedFiles (before each round of files), then in live mode release after the commit; in
 * revive mode revive.stop, and then release or, undone, revive.start. Undone in live mode it simply runs on: there is nothing to call.
 */
export interface SourceContainer {
  readonly description: ContainerDescription;
  /** The root of the process tree, as a pid of this host. */
  readonly pid: number;
  /** The network that the device driver `network` is to move; null: none. */
  readonly network?: ContainerNetwork | null;
  /** Preflight, the container runs: why it cannot leave. Changes nothing; at most 60 s. A throw is one more refusal. */
  readonly refusals?: (mode: Mode) => Promise<Refusal[]>;
  /** Files in the trees, as paths of this host, that the container has mapped shared and writable. It runs or is frozen; be quick. */
  readonly mappedFiles?: () => Promise<string[]>;
  /**
   * After the commit, when the processes are dead: remove the container from this host; its files stay, marked as left. May be called again after a
   * throw, which the user sees as RELEASE_FAILED: the container is the target's whatever happens here.
   */
  readonly release?: (target: string) => Promise<void>;
  /** Of use in live mode. */
  readonly live?: LiveSource;
  /** How it is stopped and started again; with the capability `revive`, and only then. */
  readonly revive?: Revival;
}

export interface ContainerNetwork {
  /** The network namespace: a path, `/run/netns/NAME` or, where it has no name, `/proc/PID/ns/net`. */
  readonly namespace: string;
  /** Where it has no name: the path in `/run/netns` that it has on the target until the container runs there. */
  readonly onTarget?: string;
}

/** Live mode on the source. */
export interface LiveSource {
  /** The directory of the cgroup that holds its processes and nobody else, of version 2, or of the freezer with version 1; null: there is none. */
  readonly cgroup?: string | null;
  /** What CRIU must be told at each dump, beside what phaul knows itself. */
  readonly dump?: DumpSettings;
  /**
   * A command that ends whoever waits for the container's end and would then start it again, or remove it. The core runs it on this host once the container
   * is the target's, right before the processes are killed. It must do no harm where nothing is left to do.
   */
  readonly dismissKeeper?: Command;
}

/** A program and its arguments, without a shell. */
export interface Command {
  readonly command: string;
  readonly args: readonly string[];
}

/** Revive mode on the source. All of it is called whether or not the migration is being undone. */
export interface Revival {
  /**
   * Stops the container as a person would: its own stop signal, then SIGKILL if it has not ended `graceMs` later. Its files stay
   * mounted where they are. Not to be interrupted: it takes as long as it takes.
   * @throws STOP_FAILED if even SIGKILL does not end it, and, with the `sourceState` stopped, if it has ended by itself before
   */
  readonly stop: (graceMs: number) => Promise<Stop>;
  /** Right before the commit, the container stopped: false if somebody else has started it again meanwhile. Be quick. */
  readonly stillStopped: () => Promise<boolean>;
  /** Undo of `stop`: starts it again, from the files that are here, unless somebody else has. @throws DRIVER_FAILED: it stays stopped */
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
 * The container-to-be on the target. Order of calls in live mode: refusals, prepare, live.restore, complete, (replaced), live.placed,
 * live.restored, then started or abort; in revive mode: refusals, prepare, complete, (replaced), revive.start, then started or abort.
 */
export interface TargetContainer {
  /** Preflight, the container runs on the source: name taken, something missing. Changes nothing; at most 60 s. A throw is one more refusal. */
  readonly refusals?: () => Promise<Refusal[]>;
  /** Once. Files are there for the first time (they may still change); the container runs on the source. Everything slow goes here. */
  readonly prepare?: (
    mode: Mode,
    /** `replaced` will be called: what has the trees mounted is made here only to see early what would fail. */
    again: boolean,
  ) => Promise<void>;
  /** The last files are there. It stands still on the source; be quick. */
  readonly complete?: () => Promise<void>;
  /** The last files are there, and some tree is another directory now (`FsDriver.capabilities.replaces`). It stands still on the source; be quick. */
  readonly replaced?: () => Promise<void>;
  /** Of use in live mode. */
  readonly live?: LiveTarget;
  /** How it is started; with the capability `revive`, and only then. */
  readonly revive?: TargetRevival;
  /** The container runs here and belongs here. Tidy up what only the restore needed. A throw is a warning. */
  readonly started?: () => Promise<void>;
  /**
   * The migration was undone, at whatever point, and what was under way here has ended: leave nothing. Not called again once it has succeeded. After a
   * throw, which the user sees, it may be called again.
   */
  readonly abort: () => Promise<void>;
}

/** Live mode on the target. */
export interface LiveTarget {
  /** What CRIU must be told at the restore, beside what phaul knows itself. The container runs on the source, for a moment yet; be quick. */
  readonly restore?: () => Promise<RestoreSettings>;
  /** The root task is in its cgroup and has its namespaces, but no file open yet; there is no other. Frozen on the source; be quick. */
  readonly placed?: () => Promise<void>;
  /** All tasks exist, none has run an instruction. `pid`: the root task on this host. Frozen on the source; be quick. */
  readonly restored?: (pid: number) => Promise<void>;
}

/** Revive mode on the target. */
export interface TargetRevival {
  /**
   * The commit is decided: let it run. Gives its root task's pid on this host. Should phaul be killed before that, the source starts it again: what is noted with
   * `ctx.ifKilled` must then end whatever this has begun, also a program that is still at work. @throws START_FAILED with the reason; then `abort` follows
   */
  readonly start: () => Promise<number>;
  /** The shell command with which an operator starts it here, if it was left stopped. */
  readonly startByHand: string;
}
