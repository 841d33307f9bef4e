import { stat } from 'node:fs/promises';
import { ghostLimit } from '../../criu/requests.ts';
import type { Refusal } from '../../errors.ts';
import type { Descriptor } from '../../linux/descriptors.ts';
import { sized } from '../../observe/amounts.ts';
import { sourceRefusal } from '../migration.ts';
import { ownMemory } from './files-in-memory.ts';
import { type Member, who } from './member.ts';
import type { Scene } from './scene.ts';

const deleted = / \(deleted\)$/;

/** Files that are open and have no name any more: their contents travel in CRIU's images, if they are not too large (criu/files-reg.c, check_path_remap). */
export async function deletedFiles(scene: Scene): Promise<Refusal[]> {
  const { members, mounts } = scene;
  const inMemory = new Set(ownMemory(scene).map(({ id }) => id));
  const found = await Promise.all(
    members.flatMap((member) =>
      member.descriptors
        .filter(({ kind, link, mount }) => kind === 'file' && deleted.test(link) && mounts.has(mount))
        .map((open) => judge(member, open, inMemory.has(open.mount))),
    ),
  );
  return found.flat();
}

/** @param inMemory CRIU packs its file system after it has given it a name (criu/files-reg.c, create_link_remap) */
async function judge(member: Member, open: Descriptor, inMemory: boolean): Promise<Refusal[]> {
  const { link, names, bytes } = open;
  const path = link.replace(deleted, '');
  if (names === 0) return bytes > ghostLimit ? [large(member, path, bytes)] : [];
  if (inMemory) return [];
  const there = await stat(`/proc/${member.pid}/root${link}`).catch(() => null);
  // Its name may end like that.
  if (there?.ino === open.inode) return [];
  const message = `${who(member)} has ${path} open, which was deleted there but has another name elsewhere: CRIU would have to give it a new one.`;
  return [sourceRefusal('FILE_DELETED', message, 'Let the process close it: restart or reload it.')];
}

function large(member: Member, path: string, bytes: number): Refusal {
  const message = `${who(member)} has ${path} open, which was deleted and is ${sized(bytes)} large; at most ${sized(ghostLimit)} of a deleted file can travel.`;
  return sourceRefusal(
    'FILE_DELETED',
    message,
    'Let the process close it: restart or reload it (log files: rotate them).',
  );
}
