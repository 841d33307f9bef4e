import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { FsTree } from '../../src/contracts/fs-driver.ts';
import { isWithin, mountOf, readMounts } from '../../src/linux/mounts.ts';
import { exceptBorrowed } from './borrowed.ts';
import type { ChangeTracker } from './changes.ts';
import { scan } from './scan.ts';
import { selection } from './selection.ts';

// Their kernel is this host's: each change of contents, attributes or names sets an inode's ctime to this host's clock, nothing
// else sets it, and a rename sets that of what was renamed.
const local = /^(ext[234]|xfs|btrfs|tmpfs|overlay|f2fs)$/;

// Time stamps may be behind the clock by a tick, 10 ms at most.
const tickMs = 2000;
// By so much the clock may have been set between two rounds.
const stepMs = 500;

/** When a round began, and what was known then. */
interface Beginning {
  readonly at: number;
  /** This host's clock against one that nobody sets. */
  readonly offset: number;
  readonly mounts: string | null;
  /** Which directory was where. */
  readonly directories: ReadonlyMap<string, string>;
}

/**
 * Finds what has changed by the ctime of each inode. This host's files are gone through, but nothing is compared with the target,
 * where they would have to be gone through again. Whenever in doubt everything is compared: in the first round, after a step of
 * the clock, where another host could have changed a file, or something was mounted.
 */
export function changesByCtime(tree: FsTree, signal: AbortSignal, marginMs = tickMs): ChangeTracker {
  let first: Beginning | null = null;
  // The last round that did not fail, and the one that may still.
  let complete: Beginning | null = null;
  let latest: Beginning | null = null;
  let able = true;
  // Names that were one file with others, and which file.
  const linked = new Map<string, string>();
  return {
    begin: async (borrowed) => {
      const now = { at: Date.now(), offset: Date.now() - performance.now(), mounts: await mountsOf(tree) };
      able = now.mounts !== null;
      const steady = (then: Beginning | null): Beginning | null =>
        then && able && then.mounts === now.mounts && Math.abs(then.offset - now.offset) < stepMs
          ? then
          : null;
      const since = (then: Beginning | null): number | null => then && then.at - marginMs;
      complete = latest ?? complete;
      const before = steady(complete);
      const copied = since(before ?? steady(first));
      const known = before?.directories ?? null;
      const found = selection(known, linked);
      const take = exceptBorrowed(borrowed, since(before), known, found.take);
      const whole = await scan(tree, ['.'], since(before), copied, take, signal);
      latest = { ...now, directories: found.directories };
      first ??= latest;
      const moved = startsOf(found.moved());
      const again = (from: readonly string[]): Promise<boolean> =>
        scan(tree, from, null, copied, found.takeMoved, signal);
      const all = before !== null && whole && (moved.length === 0 || (await again(moved)));
      // Something cannot be looked at.
      if (before && !all) await again(['.']);
      return {
        names: all ? found.names() : null,
        sparse: [...found.sparse],
        anew: [...found.anew],
      };
    },
    failed: () => (latest = null),
    able: () => able,
  };
}

/** Directories as arguments of find: the whole tree if that cannot be said. */
function startsOf(names: readonly string[]): string[] {
  const raw = names.map((name) => Buffer.from(`./${name}`, 'latin1'));
  const texts = raw.map((name) => name.toString());
  const sayable = texts.length < 500 && texts.every((text, at) => raw[at]?.equals(Buffer.from(text)));
  return sayable ? texts : ['.'];
}

/** What is mounted at and in a tree, as far as it is part of it; null if another host could change files there. */
async function mountsOf({ source, without }: FsTree): Promise<string | null> {
  const root = await realpath(source);
  const mounts = await readMounts();
  const inside = mounts.filter(
    ({ path }) =>
      path !== root && isWithin(root, path) && !without.some((name) => isWithin(join(root, name), path)),
  );
  const all = [mountOf(root, mounts), ...inside];
  return all.every((mount) => local.test(mount?.type ?? '')) ? JSON.stringify(all) : null;
}
