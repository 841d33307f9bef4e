import type { Socket } from 'node:net';
import type { Refusal } from '../errors.ts';
import type { DriverContext, Json, OpenStream, Tree } from './context.ts';
import type { Driver } from './driver.ts';

/**
 * How the container's files get to the other host. Two halves, one object on each host for each migration in which the driver is chosen. What holds for
 * every member of an htype (htype.ts) holds here.
 */
export interface FsDriver extends Driver<'fs', FsCapabilities> {
  /**
   * On the source, in preflight, the container runs: what of this tree the target must know to tell whether the driver suits it; null: it does not.
   * At most 60 s. A throw ends the migration, nothing touched. A driver without `look` and `suits` is only taken if no other suits, or the user names it.
   */
  readonly look?: (tree: FsTree, ctx: DriverContext) => Promise<Sight | null>;
  /**
   * On the target, in preflight, with what `look` saw (to be validated): why the driver suits this tree, as a clause that follows a
   * colon (`both hosts see the same files there`); null: it does not. Changes nothing; at most 60 s. A throw ends the migration, nothing touched.
   */
  readonly suits?: (tree: FsTree, seen: Json, ctx: DriverContext) => Promise<string | null>;
  /** On the source, once per migration, with the trees that this driver has been chosen for: at least one. Changes nothing. */
  readonly source: (trees: readonly FsTree[], ctx: DriverContext) => SourceFs;
  /** On the target, once per migration, with the same trees; validates them and changes nothing. @throws PROTOCOL_ERROR */
  readonly target: (trees: readonly FsTree[], ctx: DriverContext) => TargetFs;
}

export interface FsCapabilities {
  /** Bytes travel. False: both hosts see the same files already. */
  readonly copies: boolean;
  /** The final sync puts another directory in the place of a tree on the target: what has been mounted from there is stale then. */
  readonly replaces: boolean;
}

/** What `look` found. */
export interface Sight {
  /** Crosses the wire. */
  readonly seen: Json;
  /** Called when the target has answered, whatever it said: undoes what `look` did. */
  readonly close?: () => Promise<void>;
}

/** One tree to be made equal on both hosts. */
export interface FsTree extends Tree {
  /**
   * Directories below the tree, relative to it, that are none of its business on either host: other file systems are mounted there,
   * which are trees of their own or hold nothing that lasts.
   */
  readonly without: readonly string[];
}

/** Order of calls: refusals and demands, sync (once or more, the last with `final`), then release or abort. */
export interface SourceFs {
  /** Preflight, the container runs: why this host cannot do it. Changes nothing; at most 60 s. A throw is one more refusal. */
  readonly refusals: () => Promise<Refusal[]>;
  /**
   * Preflight, beside `refusals`, the container runs: how much room each tree will take on the target, in the trees' order, as if nothing of it were
   * there; null: that cannot be told soon. Changes nothing; at most 60 s. Nobody asks where `copies` is false. A throw, or no such member: not known.
   */
  readonly demands?: () => Promise<readonly (FsDemand | null)[]>;
  /**
   * One round: make the target's trees equal to the source's. Called while the container runs (several times) and once, with
   * `final`, while it stands still; then nothing may differ afterwards. After the first round the trees are at their places on the target,
   * for the container's runtime to get ready there. A throw undoes the migration.
   */
  readonly sync: (open: OpenStream, round: SyncRound) => Promise<SyncResult>;
  /** After the commit: the container has left this host; its files stay here as they are. After a throw it may be called again (RELEASE_FAILED). */
  readonly release: (moved: { readonly container: string; readonly target: string }) => Promise<void>;
  /** The migration was undone at any point, and no `sync` is under way: leave nothing but the trees themselves. After a throw it may be called again. */
  readonly abort?: () => Promise<void>;
}

/** Room on a file system. */
export interface FsDemand {
  /** Bytes on disk that will be taken in any case on a file system that neither compresses nor shares. Where it has less the migration is refused. */
  readonly least: number;
  /** Bytes on disk that will be taken, about: the estimate goes by it. Where it has less the user is warned. */
  readonly about: number;
  /** Files and directories; 0: not known. */
  readonly inodes: number;
}

export interface SyncRound {
  readonly final: boolean;
  /** Files under the trees that the container has mapped shared and writable: their mtime says nothing of their contents. */
  readonly mapped: readonly string[];
  /** Where the container stands still: a directory that counts as it was then, whatever its times say now. A driver may compare it all the same. */
  readonly borrowed?: Borrowed | null;
  /** For who watches: so many more bytes of contents have gone. A driver that knows meanwhile calls it, as often as it likes. */
  readonly moved?: (bytes: number) => void;
}

/** A directory of the container's in which CRIU makes something and removes it again while it dumps. */
export interface Borrowed {
  /** Device and inode, as find prints them with `%D:%i`. */
  readonly id: string;
  /** When the container itself last changed it, in milliseconds of this host's clock. */
  readonly changedMs: number;
}

export interface SyncResult {
  /** Bytes that really went over the channel, both directions. */
  readonly bytes: number;
  /** Of these the bytes of changed contents, without lists and checksums: what the next round may have less of. */
  readonly changed: number;
  /** Files (of any kind) created, changed or deleted on the target; 0 where the driver does not count them. */
  readonly files: number;
}

/** Order of calls: refusals, prepare, serve (as streams come), then finish or abort. */
export interface TargetFs {
  /** Preflight: why this host cannot take the files. `force`: the user allows existing files to be overwritten. Changes nothing; at most 60 s. */
  readonly refusals: (force: boolean) => Promise<Refusal[]>;
  /** Once, before the first round, the container runs on the source; creates what `serve` needs. A throw undoes the migration. */
  readonly prepare: () => Promise<void>;
  /**
   * Called with each stream that the source opened; resolves when that stream is done. Must end when `ctx.signal` is aborted. A throw closes the stream
   * and is written to the log: the source's `sync` must notice, and say why.
   */
  readonly serve: (stream: Socket) => Promise<void>;
  /** The container runs here, for good: remove what only an undo would have needed. A throw is a warning. */
  readonly finish?: () => Promise<void>;
  /** The migration was undone, and no `serve` is under way: remove what the rounds wrote, as far as it did not exist before. After a throw it may be called again. */
  readonly abort: () => Promise<void>;
}
