import { readdir, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import type { Refusal } from '../../errors.ts';
import { listeningUnix } from '../../linux/unix-peers.ts';
import { sourceRefusal } from '../migration.ts';
import { type Member, who } from './member.ts';
import type { Scene } from './scene.ts';

/**
 * Unix sockets at which somebody waits and that were renamed since they were bound. CRIU binds them anew under the old name (criu/sk-unix.c), so that nobody would get through
 * by the new one any more: what is there is only the file.
 */
export async function renamedSockets({ members }: Scene): Promise<Refusal[]> {
  const holders = new Map<number, Member>();
  for (const member of members)
    for (const { kind, inode } of member.descriptors) if (kind === 'socket') holders.set(inode, member);
  const [root] = members;
  if (!root || holders.size === 0) return [];
  const found = await Promise.all(
    (await listeningUnix(root.pid)).map(async ({ inode, name, file }) => {
      const member = holders.get(inode);
      const now = member && isAbsolute(name) ? await newName(member, name, file) : null;
      return member && now !== null ? [refusal(member, name, now)] : [];
    }),
  );
  return found.flat();
}

/** Under which other name of the same directory a file is; null: it is where it was, or gone. */
async function newName({ pid }: Member, name: string, file: number): Promise<string | null> {
  const root = `/proc/${pid}/root`;
  const isThere = async (path: string): Promise<boolean> =>
    stat(join(root, path)).then(
      (found) => found.isSocket() && found.ino === file,
      () => false,
    );
  if (await isThere(name)) return null;
  for (const other of await readdir(join(root, dirname(name))).catch(() => [])) {
    const path = join(dirname(name), other);
    if (await isThere(path)) return path;
  }
  return null;
}

function refusal(member: Member, name: string, now: string): Refusal {
  const message = `${who(member)} waits at the Unix socket ${now}, which was ${name} when it was made: CRIU would make it again under that name, and nobody would get through.`;
  const hint =
    'Let it wait at a TCP port instead (supervisord: [inet_http_server]; haproxy: stats socket ipv4@127.0.0.1:PORT), or move the container with --mode revive.';
  return sourceRefusal('SOCKET_UNSUPPORTED', message, hint);
}
