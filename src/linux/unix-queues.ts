import { readFile } from 'node:fs/promises';

/** How many connections to Unix sockets in a process's network namespace wait for a process to accept them. */
export async function unacceptedUnix(pid: number): Promise<number> {
  return countUnacceptedUnix(await readFile(`/proc/${pid}/net/unix`, 'utf8').catch(() => ''));
}

/** A connected socket that no process has is shown as connecting (state 2, SS_CONNECTING; unix_seq_show), without an inode: it waits in a queue. */
export function countUnacceptedUnix(text: string): number {
  return text.match(/^\S+: \S+ \S+ \S+ \S+ 02 +0( |$)/gm)?.length ?? 0;
}
