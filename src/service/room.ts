import type { Duplex } from 'node:stream';
import type { DriverContext } from '../contracts/context.ts';
import { driverContext } from '../driver-context.ts';
import { PhaulError } from '../errors.ts';
import type { Journal } from '../journal/journal.ts';
import type { Params } from '../rpc/methods.ts';
import type { UndoStack } from '../undo.ts';
import { type Workspace, workspaceDirectory } from '../workspace.ts';
import type { Channels } from './channels.ts';
import type { TargetParts } from './check.ts';
import type { Landing } from './landing.ts';
import type { Memory } from './memory.ts';
import type { PhaseKeeper } from './phase.ts';
import type { Restore } from './restore.ts';

/** One migration on the target: what all acts share. What is null has not come yet. */
export interface Room {
  readonly phase: PhaseKeeper;
  readonly undo: UndoStack;
  /** Aborted when the migration is undone. */
  readonly signal: AbortSignal;
  /** A driver's words, for the source. */
  readonly say: (level: 'log' | 'warn', text: string) => void;
  /** This host's own; never what the source names. */
  readonly criuPath: string;
  /** There is a working directory now. */
  readonly onBegun: (directory: string) => Promise<void>;
  migration: string;
  checked: Params<'check'> | null;
  refused: boolean;
  parts: TargetParts | null;
  choices: Params<'begin'> | null;
  /** Lets others move a container of that name. */
  unlock: (() => void) | null;
  journal: Journal | null;
  workspace: Workspace | null;
  channels: Channels | null;
  memory: Memory | null;
  images: Duplex | null;
  /** What a restore takes here, in ms; see rehearse.ts. */
  rehearsed: Promise<number | null> | null;
  restore: Restore | null;
  landing: Landing | null;
}

/** @throws PROTOCOL_ERROR */
export function present<T>(value: T | null): T {
  if (value === null) throw new PhaulError('PROTOCOL_ERROR', 'The source asked for something too early.');
  return value;
}

/** @throws CANCELLED if the migration has been undone meanwhile */
export function notAborted({ signal }: Room): void {
  if (signal.aborted)
    throw new PhaulError('CANCELLED', 'The migration was undone on the target.', { host: 'target' });
}

/** @throws PROTOCOL_ERROR */
export function only({ checked }: Room, mode: 'live' | 'revive'): void {
  if (present(checked).mode !== mode) throw new PhaulError('PROTOCOL_ERROR', `That belongs to ${mode} mode.`);
}

export function roomContext(room: Room): DriverContext {
  const { signal, say } = room;
  const directory = `${workspaceDirectory(room.migration, 'target')}/scratch`;
  return driverContext(directory, signal, say, () => room.journal);
}
