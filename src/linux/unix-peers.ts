import { run } from '../run.ts';

/** A Unix socket that is connected. */
export interface Peering {
  readonly inode: number;
  /** The inode of the other end. */
  readonly peer: number;
  /** The name under which the other end was found, if it has one. */
  readonly peerName: string | null;
}

/** The connected Unix sockets in a process's network namespace; none where they cannot be asked for (no ss, or a kernel without unix_diag). */
export async function unixPeers(pid: number): Promise<Peering[]> {
  return parsePeers(await ss(pid, '--all'));
}

/** A Unix socket with a name, at which somebody waits for connections. */
export interface NamedSocket {
  readonly inode: number;
  /** What it was called when it was bound. */
  readonly name: string;
  /** The inode of the file that was made then. */
  readonly file: number;
}

/** The listening Unix sockets in a process's network namespace that have a file; none where they cannot be asked for. */
export async function listeningUnix(pid: number): Promise<NamedSocket[]> {
  return parseListening(await ss(pid, '--listening', '--extended'));
}

export function parseListening(text: string): NamedSocket[] {
  return text.split('\n').flatMap((line) => {
    const [, name = '', inode, file] =
      /^u_\S+\s+LISTEN\s+\d+\s+\d+\s+(\/.*) (\d+)\s+\* 0\s.*\bino:(\d+)/.exec(line) ?? [];
    return file === undefined ? [] : [{ name, inode: Number(inode), file: Number(file) }];
  });
}

function ss(pid: number, ...which: string[]): Promise<string> {
  const args = [`--net=/proc/${pid}/ns/net`, '--', 'ss', '--no-header', '--unix', '--numeric', ...which];
  return run('nsenter', args).catch(() => '');
}

/** What `ss` says: kind, state, two queues, then a name (`*`: none) and an inode for each of the two ends. Names may hold spaces. */
export function parsePeers(text: string): Peering[] {
  const rows = text.split('\n').flatMap((line) => {
    const [, name, inode, peer] = /^u_\S+\s+\S+\s+\d+\s+\d+\s+(\S.*) (\d+)\s+\S.* (\d+)\s*$/.exec(line) ?? [];
    return peer === undefined ? [] : [{ name, inode: Number(inode), peer: Number(peer) }];
  });
  // Only in its own row is a socket given its name.
  const names = new Map(rows.map(({ name, inode }) => [inode, name === '*' ? null : name]));
  return rows
    .filter(({ peer }) => peer !== 0)
    .map(({ inode, peer }) => ({ inode, peer, peerName: names.get(peer) ?? null }));
}
