import { stat, statfs } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { DriverContext, OpenStream } from '../../src/contracts/context.ts';
import type { FsTree, SyncResult, SyncRound } from '../../src/contracts/fs-driver.ts';
import type { Changes, ChangeTracker, TrackChanges } from './changes.ts';
import type { Copied, Pass } from './client.ts';
import { latin1, regularFiles, relative } from './names.ts';
import { type Entry, scan } from './scan.ts';
import { waitingClients } from './waiting.ts';

/** Copies one tree, round after round. */
export interface Sender {
  readonly sync: (open: OpenStream, round: SyncRound) => Promise<SyncResult>;
  /** After the last round. Not part of it: the container stands still then, and both hosts have better to do than to end what nobody needed. */
  readonly end: () => Promise<void>;
}

export function treeSender(tree: FsTree, index: number, ctx: DriverContext, track: TrackChanges): Sender {
  // Files whose time does not tell whether their contents have changed, as Latin-1 names relative to the tree.
  //
  // Mapped: a store changes the time only if its page was clean. Flushing before a round does not help: the first store after the flush
  // sets the time, rsync copies, the second store goes unnoticed. They stay suspect for good, because a mapping
  // that is gone at the end may have been written through before.
  const mapped = new Set<string>();
  // Young: changed about when they were copied, maybe once more within the same tick of the clock. Settled by the next comparison.
  let young: readonly string[] = [];
  const clients = waitingClients(tree, index, ctx.signal);
  let tracker: ChangeTracker | null = null;

  return {
    sync: async (open, round) => {
      for (const path of round.mapped) for (const name of relative(tree.source, path)) mapped.add(name);
      const whole = (await stat(tree.source)).isDirectory();
      tracker ??= whole ? track(tree, ctx.signal) : fileTracker(tree.source);
      const changes = await tracker.begin(round.borrowed);
      const copied: Copied[] = [];
      const run = async (pass: Pass, names: readonly string[]): Promise<void> => {
        if (names.length === 0) return;
        const result = await (await clients.take(open, pass)).copy(names, round);
        copied.push(result);
        if (result.stuck && !ctx.signal.aborted) await run(pass, names);
      };
      try {
        for (const [pass, names] of passesOf(changes, whole, tracker.able())) await run(pass, names);
        const unknown = round.final && (await isTmpfs(tree.source)) ? await allNames(tree, whole, ctx) : [];
        const suspects = await regularFiles(
          whole ? tree.source : dirname(tree.source),
          new Set([...mapped, ...young, ...unknown]),
        );
        await run('contents', suspects);
      } catch (error) {
        tracker.failed();
        throw error;
      }
      if (!copied.every(({ complete }) => complete)) tracker.failed();
      young = copied.flatMap((each) => each.young);
      if (!round.final) clients.start(open, [whole ? (tracker.able() ? 'some' : 'all') : 'file', 'contents']);
      return sumOf(copied);
    },
    end: clients.end,
  };
}

// linux/magic.h
const tmpfsMagic = 0x01021994;

/**
 * There only the first access to a page through a mapping may set the time, and only if it is a write (mm/memory.c, fault_dirty_shared_page): one that was read and
 * then written leaves no trace, and nobody has seen the mapping if it came and went between two rounds.
 */
async function isTmpfs(path: string): Promise<boolean> {
  return (await statfs(path)).type === tmpfsMagic;
}

async function allNames(tree: FsTree, whole: boolean, { signal }: DriverContext): Promise<string[]> {
  if (!whole) return [latin1(basename(tree.source))];
  const names: string[] = [];
  const take = ({ directory, name }: Entry): void => void (directory || names.push(name));
  await scan(tree, ['.'], null, null, take, signal);
  return names;
}

/** What is run for which names, in this order. */
function passesOf(changes: Changes, whole: boolean, able: boolean): [Pass, readonly string[]][] {
  const { names, sparse, anew } = changes;
  const holes = new Set(sparse);
  // The last one finds these equal. A sparse file that changes in between loses its holes, so it is written anew when its turn comes again,
  // be it equal.
  const first: [Pass, readonly string[]][] = [
    [able ? 'sparseAnew' : 'sparse', sparse],
    ['anew', anew.filter((name) => !holes.has(name))],
  ];
  if (names === null) return [...first, ['all', ['.']]];
  if (!whole) return [...first, ['file', names]];
  const nothing = [...names, ...sparse, ...anew].length === 0;
  // With the tree itself: rsync restores the time of directories that it writes into only if they are listed or above what is listed.
  return nothing ? [] : [...first, ['some', ['./', ...names.filter((name) => name !== './')]]];
}

/** Of a single file nothing need be told but whether it is sparse. */
function fileTracker(path: string): ChangeTracker {
  const names = [latin1(basename(path))];
  return {
    begin: async () => {
      const { blocks, size } = await stat(path);
      return { names, sparse: blocks * 512 < size ? names : [], anew: [] };
    },
    failed: () => undefined,
    able: () => false,
  };
}

export function sumOf(results: readonly SyncResult[]): SyncResult {
  const sum = (of: (result: SyncResult) => number): number =>
    results.reduce((all, result) => all + of(result), 0);
  return {
    bytes: sum(({ bytes }) => bytes),
    changed: sum(({ changed }) => changed),
    files: sum(({ files }) => files),
  };
}
