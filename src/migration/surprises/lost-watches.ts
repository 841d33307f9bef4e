import { codes } from '../../error-codes.ts';
import type { Refusal } from '../../errors.ts';
import { sourceRefusal } from '../migration.ts';
import { watchedNames } from '../watched-names.ts';
import { who } from './member.ts';
import type { Scene } from './scene.ts';

/** Watched files to which no name leads that CRIU could use: the dump would fail. */
export async function lostWatches({ members, mounts, signal }: Scene): Promise<Refusal[]> {
  const [root] = members;
  if (!root) return [];
  const { lost } = await watchedNames(root.pid, signal)(members.map(({ pid }) => pid));
  return lost.map(({ pid, device, inode }) => {
    const member = members.find((each) => each.pid === pid) ?? root;
    const place = [...mounts.values()].find((mount) => mount.device === device);
    const where = place
      ? `${place.path} (${place.type})`
      : `a file system that the container does not have (${device})`;
    const message = `${who(member)} watches a file in ${where} to which no name leads, by the number ${inode}: it was deleted, something is mounted over it, or it is an overlay of several file systems.`;
    return sourceRefusal('WATCH_UNSUPPORTED', message, codes.WATCH_UNSUPPORTED.hint);
  });
}
