import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * All that can be told of a tree from outside, one line an entry: two trees are equal if and only if this is. Names, kinds, modes, owners,
 * sizes, times of change, devices, where links lead, extended attributes (POSIX ACLs and capabilities among them), which names are
 * one file, contents, and where a sparse file has none. No symbolic link is followed, but in `root` itself (`/proc/PID/root/…`).
 *
 * @param without names below the tree that are left out
 */
export function portrait(root: string, without: readonly string[] = []): string[] {
  const script = fileURLToPath(new URL('portrait.py', import.meta.url));
  const text = execFileSync('python3', [script, root, ...without], {
    encoding: 'latin1',
    maxBuffer: 2 ** 29,
  });
  return text.split('\n');
}
