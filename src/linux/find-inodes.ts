import type { BigIntStats } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { deviceNumbers } from './descriptors.ts';

/** What tells a file from all others of this host: its file system, as mountinfo says it, and its number there, in all of its 64 bits. */
export interface Inode {
  readonly device: string;
  readonly inode: bigint;
}

export const inodeKey = ({ device, inode }: Inode): string => `${device} ${inode}`;

/** The file at a path, which is not followed; null: there is none. */
export async function inodeAt(path: string): Promise<(Inode & { readonly isDirectory: boolean }) | null> {
  const found: BigIntStats | null = await lstat(path, { bigint: true }).catch(() => null);
  if (found === null) return null;
  const device = deviceNumbers(Number(found.dev)).join(':');
  return { device, inode: found.ino, isDirectory: found.isDirectory() };
}

/**
 * Looks for files by their numbers, at some places and below them as far as that is one file system, what is near the top first, until all are found.
 * @param root goes before every path, and is not in those that are given
 * @param wanted the keys of files
 * @returns a path for each key that was found
 * @throws the signal's reason: a large file system takes minutes
 */
export async function findInodes(
  root: string,
  tops: readonly string[],
  wanted: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const seen = new Set<string>();
  type Place = { readonly path: string; readonly device: string };
  /** Gives the place if it is one to look into. @param device of what it is in */
  const look = async (path: string, device?: string): Promise<Place[]> => {
    const inode = await inodeAt(root + path);
    if (inode === null) return [];
    const key = inodeKey(inode);
    if (wanted.has(key) && !found.has(key)) found.set(key, path);
    if (!inode.isDirectory || seen.has(key) || inode.device !== (device ?? inode.device)) return [];
    seen.add(key);
    return [{ path, device: inode.device }];
  };
  const places = (await Promise.all(tops.map((path) => look(path)))).flat();
  // It grows while it is gone through.
  for (const { path, device } of places) {
    if (found.size === wanted.size) break;
    signal.throwIfAborted();
    const names = await readdir(root + path).catch(() => []);
    places.push(...(await Promise.all(names.map((name) => look(join(path, name), device)))).flat());
  }
  return found;
}
