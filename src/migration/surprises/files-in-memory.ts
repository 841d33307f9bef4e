import { stat, statfs } from 'node:fs/promises';
import { deviceNumbers } from '../../linux/descriptors.ts';
import type { Mount } from '../../linux/mounts.ts';
import { sized } from '../../observe/amounts.ts';
import type { Scene } from './scene.ts';

// Below this nobody notices.
const worthAWord = 16 * 2 ** 20;
// Measured with 60 MiB between the lab's hosts; gzip packs where phaul's own tar is not found (criu/plain-tar.ts).
const msPerMebibyte = { plain: 8, gzip: 40 };

/**
 * The sentence that warns of what a container keeps in tmpfs mounts of its own; null: it is little. Nothing copies that ahead: CRIU has tar pack it while the
 * container stands still, and unpack it on the target (criu/filesystems.c, tmpfs_dump).
 */
export async function filesInMemory(scene: Scene): Promise<string | null> {
  const { members, host } = scene;
  const [root] = members;
  if (!root) return null;
  const own = ownMemory(scene);
  const full = new Map<number, { path: string; bytes: number }>();
  for (const { path, device } of own) {
    const place = `/proc/${root.pid}/root${path}`;
    const found = await Promise.all([stat(place), statfs(place)]).catch(() => null);
    if (!found) continue;
    const [{ dev }, { blocks, bfree, bsize }] = found;
    // Another process of the container's may have it there, and the first one something else.
    if (deviceNumbers(dev).join(':') !== device) continue;
    if (!full.has(dev)) full.set(dev, { path, bytes: (blocks - bfree) * bsize });
  }
  const bytes = [...full.values()].reduce((sum, each) => sum + each.bytes, 0);
  if (bytes < worthAWord) return null;
  const paths = [...full.values()].filter((each) => each.bytes > 0).map(({ path }) => path);
  const pace = msPerMebibyte[root.namespaces['user'] === host['user'] ? 'plain' : 'gzip'];
  const seconds = ((bytes / 2 ** 20) * pace) / 1000;
  return `The container has ${sized(bytes)} of files in memory (${paths.join(', ')}), which only move while it stands still: that can take ${seconds.toFixed(1)} s. Directories of the host mounted there would be copied ahead.`;
}

/** The tmpfs mounts of a container that has mounts of its own and was not given these from outside: CRIU packs what is in them. */
export function ownMemory({ members: [root], host, mounts, container }: Scene): Mount[] {
  if (!root || root.namespaces['mnt'] === host['mnt']) return [];
  const given = new Set(container.live?.dump?.externalMounts?.map(({ key }) => key));
  return [...mounts.values()].filter(({ type, path }) => type === 'tmpfs' && !given.has(path));
}
