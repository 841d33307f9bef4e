import type { NamedInode } from '../criu/irmap-cache.ts';
import { nameByHandle } from '../linux/file-handle.ts';
import { type FileWatch, watchesOf } from '../linux/file-watches.ts';
import { findInodes, inodeAt, inodeKey } from '../linux/find-inodes.ts';
import { type Mount, readMounts } from '../linux/mounts.ts';

/** The files that a container watches and that CRIU would not find a name for. */
export interface WatchedNames {
  readonly found: readonly NamedInode[];
  /** Those that have no name, or none that can be told from outside. */
  readonly lost: readonly Watch[];
}

interface Watch extends FileWatch {
  /** Of one that watches it. */
  readonly pid: number;
}

/**
 * Finds names for what inotify and fanotify watch. CRIU asks the file system; where that does not know (overlayfs never; others if nobody has used the name for long), it looks in
 * /etc and some other places, in the freeze, and gives up then (criu/irmap.c). This looks everywhere while the container runs. What was found is not looked for again.
 * @param root the container's first process
 */
export function watchedNames(
  root: number,
  signal: AbortSignal,
): (pids: readonly number[]) => Promise<WatchedNames> {
  const names = new Map<string, string>();
  const seenBy = (pid: number, path: string): string => `/proc/${pid}/root${path}`;

  const knownToCriu = async (
    { pid, device, inode, handle }: Watch,
    mountsOf: (viewer: number) => Promise<readonly Mount[]>,
  ): Promise<boolean> => {
    if (handle === null) return false;
    // A process may have mounts of its own.
    for (const viewer of new Set([root, pid]))
      for (const mount of await mountsOf(viewer)) {
        if (mount.device !== device) continue;
        const name = nameByHandle(seenBy(viewer, mount.path), handle);
        if (name !== null && (await inodeAt(seenBy(viewer, name)))?.inode === inode) return true;
      }
    return false;
  };
  const isNamed = async (watch: Watch): Promise<boolean> => {
    const name = names.get(inodeKey(watch));
    const there = name === undefined ? null : await inodeAt(seenBy(root, name));
    return there !== null && inodeKey(there) === inodeKey(watch);
  };

  return async (pids) => {
    const lists = await Promise.all(
      pids.map(async (pid) => (await watchesOf(pid)).map((watch) => ({ ...watch, pid }))),
    );
    const watches = [...new Map(lists.flat().map((watch) => [inodeKey(watch), watch])).values()];
    const mountsOf = once((viewer: number) => readMounts(viewer).catch(() => []));
    const left = await filter(watches, async (watch) => !(await knownToCriu(watch, mountsOf)));
    const unnamed = await filter(left, async (watch) => !(await isNamed(watch)));
    if (unnamed.length > 0) {
      const devices = new Set(unnamed.map(({ device }) => device));
      const mounts = (await mountsOf(root)).filter(({ device }) => devices.has(device));
      const wanted = new Set(unnamed.map(inodeKey));
      for (const key of wanted) names.delete(key);
      const tops = mounts.map(({ path }) => path);
      const found = await findInodes(`/proc/${root}/root`, tops, wanted, signal);
      for (const [key, path] of found) names.set(key, path);
    }
    const found = left.flatMap(({ device, inode, ...watch }) => {
      const path = names.get(inodeKey({ device, inode }));
      // CRIU could do without a handle if its parser could (criu/proc_parse.c, parse_fdinfo_pid_s).
      return path === undefined || watch.handle === null ? [] : [{ device, inode, path }];
    });
    const named = new Set(found.map(inodeKey));
    return { found, lost: left.filter((watch) => !named.has(inodeKey(watch))) };
  };
}

async function filter<T>(all: readonly T[], keep: (each: T) => Promise<boolean>): Promise<T[]> {
  const kept = await Promise.all(all.map(keep));
  return all.filter((_, index) => kept[index]);
}

/** Asks once for each key. */
function once<K, V>(ask: (key: K) => V): (key: K) => V {
  const answers = new Map<K, V>();
  return (key) => {
    const answer = answers.get(key) ?? ask(key);
    answers.set(key, answer);
    return answer;
  };
}
