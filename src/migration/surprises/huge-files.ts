import { readdir } from 'node:fs/promises';
import type { Refusal } from '../../errors.ts';
import { sourceRefusal } from '../migration.ts';
import type { Scene } from './scene.ts';

/** Files in huge pages: CRIU mounts such a file system anew, as phaul tells it to, and empty. */
export async function hugeFiles({ members: [root], mounts, host }: Scene): Promise<Refusal[]> {
  if (!root || root.namespaces['mnt'] === host['mnt']) return [];
  const places = [...mounts.values()].filter(({ type }) => type === 'hugetlbfs');
  const found = await Promise.all(
    places.map(async ({ path }) => {
      const names = await readdir(`/proc/${root.pid}/root${path}`).catch(() => []);
      if (names.length === 0) return [];
      const message = `The container has files in huge pages, in ${path}, which CRIU does not move.`;
      const hint = 'Stop what uses them and remove them, or move the container with --mode revive.';
      return [sourceRefusal('FILE_UNSUPPORTED', message, hint)];
    }),
  );
  return found.flat();
}
