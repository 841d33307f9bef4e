import type { Changes } from './changes.ts';
import type { Entry } from './scan.ts';

interface Selection extends Pick<Changes, 'sparse' | 'cut'> {
  readonly take: (entry: Entry) => void;
  /** All directories seen: which one is where. */
  readonly directories: ReadonlyMap<string, string>;
  readonly names: () => string[];
}

/**
 * Picks what is to be compared out of what a scan gives.
 *
 * @param before which directory was where when the last round began; null: not known, and the names are worth nothing
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
  const sparse: string[] = [];
  const cut: string[] = [];

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
    if (was !== undefined && was !== id) cut.push(name);
    if (links > 1) linked.set(name, id);
    else linked.delete(name);
    if (isSparse) sparse.push(name);
    if (before) files.push(name);
  }

  const isListed = (name: string): boolean => changed.has(name) || moved.has(name);
  return {
    take: (entry) => (entry.directory ? takeDirectory(entry) : takeFile(entry)),
    directories,
    sparse,
    cut,
    names: () => [
      ...[...directories.keys()].filter(isListed).map((name) => `${name || '.'}/`),
      // The others are in a directory that is compared.
      ...files.filter((name) => !isListed(parentOf(name))),
    ],
  };
}

const parentOf = (name: string): string => name.slice(0, Math.max(0, name.lastIndexOf('/')));
