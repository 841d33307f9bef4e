import { readFile, realpath, stat } from 'node:fs/promises';
import type { Tree } from '../../contracts/context.ts';
import { isWithin, mountOf } from '../../linux/mounts.ts';
import { type Member, who } from './member.ts';
import type { Scene } from './scene.ts';

/** A file of the host's that a process without mounts of its own uses, and that does not move with it. */
export interface NeededFile {
  readonly path: string;
  /** Bytes; null: it may have another size there, because it is only written to. */
  readonly size: number | null;
  /** Who uses it. */
  readonly user: string;
}

// What each kernel has by itself.
const everywhere = /^(proc|sysfs|cgroup2?|devtmpfs|devpts|mqueue|debugfs|tracefs|securityfs)$/;

/** Open and mapped files, programs and libraries among them: CRIU wants them on the target, with the same size (criu/files-reg.c, open_path). */
export async function neededFiles(
  { members, mounts, host }: Scene,
  trees: readonly Tree[],
): Promise<NeededFile[]> {
  if (members[0]?.namespaces['mnt'] !== host['mnt']) return [];
  // Of an open file the kernel tells the path without symbolic links.
  const moving = await Promise.all(trees.map(({ source }) => realpath(source).catch(() => source)));
  const found = new Map<string, NeededFile>();
  const take = (path: string, size: number | null, member: Member): void => {
    const type = mountOf(path, [...mounts.values()])?.type ?? '';
    if (!everywhere.test(type) && !moving.some((tree) => isWithin(tree, path)) && !found.has(path))
      found.set(path, { path, size, user: who(member) });
  };
  for (const member of members) {
    for (const { kind, link, names, access, size } of member.descriptors)
      if (kind === 'file' && names > 0 && link.startsWith('/') && !link.endsWith(' (deleted)'))
        take(link, access === 'write' ? null : size, member);
    for (const path of await mappedFiles(member)) {
      const file = await stat(path).catch(() => null);
      if (file?.isFile()) take(path, file.size, member);
    }
  }
  return [...found.values()];
}

async function mappedFiles({ pid }: Member): Promise<Set<string>> {
  const maps = await readFile(`/proc/${pid}/maps`, 'utf8').catch(() => '');
  const paths = [...maps.matchAll(/^\S+ \S+ \S+ \S+ [1-9]\d* +(\/.*)$/gm)].map(([, path = '']) => path);
  return new Set(paths.filter((path) => !path.endsWith(' (deleted)')));
}
