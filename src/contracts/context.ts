import type { Socket } from 'node:net';

/** What crosses the wire between the two halves of a driver, without what is undefined. The receiving half validates it. */
export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/** Given to every driver by the core: all that a driver needs of the outside world. */
export interface DriverContext {
  /** Run a program without a shell and in a process group of its own. Throws with its stderr if it exits non-zero. */
  readonly run: (command: string, args: readonly string[], options?: RunOptions) => Promise<string>;
  /** The same, but how it ended is for the caller to judge. Throws if it cannot be started, or is stopped because the migration is undone. */
  readonly attempt: (command: string, args: readonly string[], options?: RunOptions) => Promise<RunEnd>;
  /**
   * Writes down the command that undoes a deed (or, with `moved`, that finishes what is due once the container belongs to the target): whoever goes on
   * with the migration on this host if this phaul is killed runs it. Note it before a deed that takes time, but only if what it undoes cannot be
   * somebody else's. The driver's own undo and release remain its task; the command must do no harm where nothing is left to do.
   * With `must` nothing that comes after it is undone before it has succeeded: it is tried again and again. Gives what withdraws it.
   */
  readonly ifKilled: (
    command: string,
    args: readonly string[],
    when?: 'undone' | 'moved',
    options?: { readonly must?: boolean },
  ) => () => void;
  /** A line for -v and the log file. */
  readonly log: (text: string) => void;
  /** Something the user should know; appears in the summary. */
  readonly warn: (text: string) => void;
  /** Aborted when the migration is undone; long work must stop then. */
  readonly signal: AbortSignal;
  /** A directory of this migration on this host, on tmpfs, removed by the core at the end. */
  readonly directory: string;
}

export interface RunOptions {
  readonly input?: string;
  /** Collect no output: for a program that leaves children behind, which would keep its pipes open. */
  readonly quiet?: boolean;
  /** Descriptors of this process that it has, too, as 3, 4, …. */
  readonly descriptors?: readonly number[];
  /** Set false for work that must finish although the migration is being undone. */
  readonly abortable?: boolean;
  /** After so long it is killed with all that it has started. */
  readonly limitMs?: number;
}

/** How a program ended. */
export interface RunEnd {
  /** Null: it was killed. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** It was killed because it took too long. */
  readonly expired: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** A directory or file of the container that has to be the same on both hosts. Absolute paths. */
export interface Tree {
  readonly source: string;
  readonly target: string;
  /** The name of the one fs driver that can move it, whatever others say of it and the user asks for; without one it is as any other tree. */
  readonly by?: string;
}

/** Opens one more stream of the fs channel to the other host. */
export type OpenStream = () => Promise<Socket>;
