import type { Borrowed, FsTree } from '../../src/contracts/fs-driver.ts';

/** Makes the tracker of one tree. */
export type TrackChanges = (tree: FsTree, signal: AbortSignal) => ChangeTracker;

/** Tells, round after round, what may differ on the target. */
export interface ChangeTracker {
  /** A round begins, and reads the tree after this: what may have changed since the last round that did not fail began. */
  readonly begin: (borrowed?: Borrowed | null) => Promise<Changes>;
  /** The round has not made the target equal to what it read. */
  readonly failed: () => void;
  /** Whether it can tell changes at all in this tree. */
  readonly able: () => boolean;
}

/** Names are relative to the tree, bytes as Latin-1. */
export interface Changes {
  /**
   * What is to be compared, null: everything. A name with a slash at its end (`./` for the tree itself) is a directory whose list of
   * names is to be compared, with what these stand for, but not what is below them.
   */
  readonly names: readonly string[] | null;
  /** Sparse files among those. */
  readonly sparse: readonly string[];
  /**
   * Files that have to be written anew, be they of equal size and time: that were one with others and no longer are; and that have
   * changed and say that their contents have not, because that time may have been set back.
   */
  readonly anew: readonly string[];
}
