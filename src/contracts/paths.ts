import { basename, dirname, join } from 'node:path';

/** An absolute path that does not climb. For what the other host names; where it may lead is for the driver to say. */
export function isPlainPath(path: string): boolean {
  return path.startsWith('/') && !path.includes('\0') && !path.split('/').includes('..');
}

/**
 * Where an fs driver may keep what it needs on the file system of a tree while it moves: beside the tree, not in it. The core sees to it
 * that no tree around it takes that for the container's.
 */
export function beside(tree: string, driver: string): string {
  return join(dirname(tree), `.phaul-${driver}-${basename(tree)}`);
}
