import { parentOf } from './names.ts';
import type { Entry } from './scan.ts';

interface Selection {
  /** Takes what a scan of the tree gives: all directories and what has changed. */
  readonly take: (entry: Entry) => void;
  /** The outermost directories that may have been moved. What is in them is to be taken, too, although it has not changed. */
  readonly moved: () => string[];
  readonly takeMoved: (entry: Entry) => void;
  /** All directories seen: which one is where. */
  readonly directories: ReadonlyMap<string, string>;
  readonly names: () => string[];
  readonly sparse: ReadonlySet<string>;
  readonly anew: ReadonlySet<string>;
}

/**
 * Picks what is to be compared out of what a scan gives.
 *
 * @param before which directory was where when the last complete round began; null: not known, and the names are worth nothing
 * @param linked names of files that had several, and which file each one was; is kept up to date
 */
export function selection(
  before: ReadonlyMap<string, string> | null,
  linked: Map<string, string>,
): Selection {
  const directories = new Map<string, string>();
  const changed = new Set<string>();
  const moved = new Set<string>();
  const files: string[] = [];
  // Several names of one file are linked on the target only if all of them are listed. That of a change they all are.
  const groups = new Set<string>();
  const sparse = new Set<string>();
  const anew = new Set<string>();

  function takeDirectory({ name, id, changed: isChanged }: Entry): void {
    directories.set(name, id);
    const parent = name === '' ? null : parentOf(name);
    if (isChanged) changed.add(name);
    // What is in a directory that was moved has not changed by that. It was, if another one was in this place. Or if both it and the
    // one around it have changed: then it may even have been away and come back while the round before looked for it.
    const mayBe =
      before?.get(name) !== id ||
      (parent !== null && (moved.has(parent) || (isChanged && changed.has(parent))));
    if (mayBe) moved.add(name);
  }

  function takeFile({ name, id, links, sparse: isSparse }: Entry): void {
    const was = linked.get(name);
    if (was !== undefined && was !== id) anew.add(name);
    if (links > 1) linked.set(name, id);
    else linked.delete(name);
    if (isSparse) sparse.add(name);
  }

  const isListed = (name: string): boolean => changed.has(name) || moved.has(name);
  return {
    take: (entry) => {
      if (entry.directory) return takeDirectory(entry);
      takeFile(entry);
      // It has changed all the same: maybe its owner, maybe its contents, and then its time was set back.
      if (entry.older) anew.add(entry.name);
      if (before) files.push(entry.name);
    },
    moved: () => [...moved].filter((name) => name === '' || !moved.has(parentOf(name))),
    takeMoved: (entry) => {
      if (entry.directory) return;
      takeFile(entry);
      if (entry.links > 1) groups.add(entry.id);
    },
    directories,
    sparse,
    anew,
    names: () => [
      ...[...directories.keys()].filter(isListed).map((name) => `${name || '.'}/`),
      // The others are in a directory that is compared.
      ...files.filter((name) => !isListed(parentOf(name))),
      // Of names that are gone rsync forgives those whose directory still is one.
      ...[...linked]
        .filter(([name, id]) => groups.has(id) && directories.has(parentOf(name)))
        .map(([name]) => name),
    ],
  };
}
