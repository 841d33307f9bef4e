import type { Socket } from 'node:net';
import type { Refusal } from '../errors.ts';
import type { DriverContext, OpenStream, Tree } from './context.ts';

/** How the container's files get to the other host. */
export interface FsDriver {
  readonly kind: 'fs';
  readonly name: string;
  readonly apiVersion: 1;
  readonly description: string;
  readonly capabilities: {
    /** Bytes travel. False: both hosts see the same files already. */
    readonly copies: boolean;
  };
  /** On the source, once per migration. */
  readonly source: (trees: readonly Tree[], ctx: DriverContext) => SourceFs;
  /** On the target, once per migration. */
  readonly target: (trees: readonly Tree[], ctx: DriverContext) => TargetFs;
}

export interface SourceFs {
  /** Preflight: why this host cannot do it. Changes nothing. */
  readonly refusals: () => Promise<Refusal[]>;
  /**
   * One round: make the target's trees equal to the source's. Called while the container runs (several times) and once, with
   * `final`, while it stands still; then nothing may differ afterwards. A throw undoes the migration.
   */
  readonly sync: (open: OpenStream, round: SyncRound) => Promise<SyncResult>;
  /** After the commit: the container has left this host; its files stay here as they are. */
  readonly release: (moved: { readonly container: string; readonly target: string }) => Promise<void>;
}

export interface SyncRound {
  readonly final: boolean;
  /** Files under the trees that the container has mapped shared and writable: their mtime says nothing of their contents. */
  readonly mapped: readonly string[];
}

export interface SyncResult {
  /** Bytes that really went over the channel, both directions. */
  readonly bytes: number;
  /** Files (of any kind) created, changed or deleted on the target. */
  readonly files: number;
}

export interface TargetFs {
  /** Preflight: why this host cannot take the files. `force`: the user allows existing files to be overwritten. */
  readonly refusals: (force: boolean) => Promise<Refusal[]>;
  /** Before the first round; creates what `serve` needs. */
  readonly prepare: () => Promise<void>;
  /** Called with each stream that the source opened; resolves when that stream is done. */
  readonly serve: (stream: Socket) => Promise<void>;
  /** The migration was undone: remove what the rounds wrote, as far as it did not exist before. Idempotent. */
  readonly abort: () => Promise<void>;
}
