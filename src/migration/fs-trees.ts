import { realpath } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Tree } from '../contracts/context.ts';
import type { FsTree } from '../contracts/fs-driver.ts';
import { beside } from '../contracts/paths.ts';
import { allFsDrivers } from '../contracts/registry.ts';
import { isWithin, readMounts } from '../linux/mounts.ts';
import { onSource } from './on-source.ts';

// Windows into a kernel: nothing in them is the container's.
const kernelInterfaces =
  /^(proc|sysfs|cgroup2?|cpuset|devpts|devtmpfs|mqueue|nsfs|debugfs|tracefs|securityfs|selinuxfs|bpf|configfs|pstore|efivarfs|hugetlbfs|binfmt_misc|fusectl|autofs|rpc_pipefs)$/;

/**
 * The container's trees as fs drivers get them, an outer one before those in it. Another file system that is mounted below a tree becomes a
 * tree of its own, because another driver may suit it.
 */
export async function fsTrees(trees: readonly Tree[]): Promise<FsTree[]> {
  const roots = await Promise.all(
    trees.map(async (tree) => ({ ...tree, real: await realpath(tree.source).catch(() => tree.source) })),
  );
  const mounts = await readMounts();
  const windows: string[] = [];
  for (const { path, type } of mounts) {
    const around = roots.find(({ real }) => real !== path && isWithin(real, path));
    if (!around || roots.some(({ real }) => real === path)) continue;
    const below = relative(around.real, path);
    if (kernelInterfaces.test(type)) windows.push(path);
    else roots.push({ source: join(around.source, below), target: join(around.target, below), real: path });
  }
  const keepers = (await onSource(allFsDrivers())).map(({ name }) => name);
  const inside = (outer: string, path: string): string[] =>
    outer !== path && isWithin(outer, path) ? [relative(outer, path)] : [];
  return roots
    .sort((one, other) => one.real.length - other.real.length)
    .map(({ source, target, real, by }) => ({
      source,
      target,
      ...(by === undefined ? {} : { by }),
      without: [...roots.flatMap((other) => places(other.real, keepers)), ...windows].flatMap((path) =>
        inside(real, path),
      ),
    }));
}

/** A tree, and where the drivers keep what they need for it. */
function places(tree: string, fsDrivers: readonly string[]): string[] {
  return [tree, ...fsDrivers.map((name) => beside(tree, name))];
}
