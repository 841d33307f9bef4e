import { lstat } from 'node:fs/promises';
import { basename } from 'node:path';

/** The bytes of a path or name, one character each. */
export const latin1 = (text: string): string => Buffer.from(text).toString('latin1');

export const slashed = (path: string): string => (path.endsWith('/') ? path : `${path}/`);

/** A path as a name relative to the tree that it is in, or is; nothing if it is elsewhere. */
export function relative(tree: string, path: string): string[] {
  if (path === tree) return [latin1(basename(path))];
  return path.startsWith(slashed(tree)) ? [latin1(path.slice(slashed(tree).length))] : [];
}

/** Those of the names in `directory` that are regular files: others are gone by now, or something else. */
export async function regularFiles(directory: string, names: Iterable<string>): Promise<string[]> {
  const base = Buffer.from(slashed(directory));
  const found = await Promise.all(
    [...names].map(async (name) => {
      const path = Buffer.concat([base, Buffer.from(name, 'latin1')]);
      return lstat(path).then(
        (entry) => (entry.isFile() ? [name] : []),
        () => [],
      );
    }),
  );
  return found.flat();
}

/** Empty for what is in the tree itself, and for the tree. */
export const parentOf = (name: string): string => name.slice(0, Math.max(0, name.lastIndexOf('/')));
