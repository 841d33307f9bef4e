import type { Refusal } from '../../errors.ts';
import { isWithin, type Mount } from '../../linux/mounts.ts';
import { sourceRefusal } from '../migration.ts';
import type { Scene } from './scene.ts';

/**
 * Mounts that only follow others of the container's: of several that follow the same ones CRIU can only make one that is a part of another (criu/mount-v2.c,
 * restore_one_sharing_group). systemd makes one for each service with a sandbox, at /run/systemd/incoming.
 */
export function sandboxes({ mounts }: Pick<Scene, 'mounts'>): Refusal[] {
  const all = [...mounts.values()];
  const inside = new Set(all.flatMap(({ shared }) => shared ?? []));
  const groups = [...inside].map((group) =>
    all.filter(({ shared, master }) => shared === undefined && master === group),
  );
  const apart = groups.filter((group) => group.length > 0 && !haveOneAround(group));
  return apart.map((group) => {
    const paths = [...new Set(group.map(({ path }) => path))].join(', ');
    const message = `Sandboxes in the container have ${group.length} mounts that follow one of its own (${paths}), which CRIU cannot restore.`;
    const hint =
      "Start the container anew so that its services do without (systemd's: docs/lxc.md), or move it with --mode revive.";
    return sourceRefusal('NESTED_CONTAINER', message, hint);
  });
}

function haveOneAround(group: readonly Mount[]): boolean {
  return group.some(({ root }) => group.every((other) => isWithin(root, other.root)));
}
