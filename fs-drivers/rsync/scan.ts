import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { FsTree } from '../../src/contracts/fs-driver.ts';

/** One entry of a tree. */
export interface Entry {
  /** Relative to the tree, bytes as Latin-1; empty: the tree itself. */
  readonly name: string;
  readonly directory: boolean;
  /** What the name stands for: device and inode. */
  readonly id: string;
  /** How many names it has. */
  readonly links: number;
  /** Bytes of contents, and on disk. */
  readonly size: number;
  readonly room: number;
  /** A file that has less room on disk than it has contents. */
  readonly sparse: boolean;
  /** Contents, attributes or names of it have changed `since`. */
  readonly changed: boolean;
  /** A file that has changed since `copied`, but its contents have not, if its own time can be believed. */
  readonly older: boolean;
}

/**
 * Goes through a tree, a directory before what is in it. Gives all directories, and of everything else what has changed since.
 *
 * With find, because it takes half the time that Node does, and leaves the event loop alone.
 *
 * @param from directories to begin at, `.` or beginning with `./`
 * @param since in milliseconds of this host's clock; null: everything has changed
 * @param copied the same; null: nothing is `older`
 * @returns whether it has seen everything but what went while it looked
 */
export async function scan(
  { source, without }: FsTree,
  from: readonly string[],
  since: number | null,
  copied: number | null,
  take: (entry: Entry) => void,
  signal: AbortSignal,
): Promise<boolean> {
  const pruned = without.flatMap((name) => ['-path', `./${escaped(name)}`, '-prune', '-o']);
  const changed = ['-printf', `+${format}`];
  const selection =
    since === null
      ? changed
      : [
          '-newerct',
          `@${(since / 1000).toFixed(3)}`,
          ...changed,
          '-o',
          '-type',
          'd',
          '-printf',
          `-${format}`,
        ];
  const child = spawn('find', [...from, ...pruned, ...selection], {
    cwd: source,
    env: { PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  });
  let rest = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString('latin1')).split('\0');
    rest = lines.pop() ?? '';
    for (const line of lines) take(parsed(line, copied));
  });
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString('latin1')));
  const [code] = (await once(child, 'close')) as [number | null];
  return rest === '' && (code === 0 || (code === 1 && complaints.split('\n').every(isOfWhatWent)));
}

// find escapes a newline in a name. Its option -ignore_readdir_race does not know of directories (4.9.0: 900 of 1500 scans beside a loop of mkdir and rmdir ended with 1).
const isOfWhatWent = (line: string): boolean => line === '' || line.endsWith(': No such file or directory');

const format = '%y %D:%i %n %b %s %T@ %C@ %p\\0';

function parsed(line: string, copied: number | null): Entry {
  const fields = line.split(' ', 7);
  const [kind = '', id = '', links = '', blocks = '', size = '', mtime = '', ctime = ''] = fields;
  const isBefore = (time: string): boolean => copied !== null && Number(time) * 1000 < copied;
  const path = line.slice(fields.join(' ').length + 1);
  return {
    name: path.slice(2),
    directory: kind[1] === 'd',
    id,
    links: Number(links),
    size: Number(size),
    room: Number(blocks) * 512,
    sparse: kind[1] === 'f' && Number(blocks) * 512 < Number(size),
    changed: kind[0] === '+',
    older: kind[1] === 'f' && isBefore(mtime) && !isBefore(ctime),
  };
}

// For fnmatch(3), where a backslash always is an escape.
const escaped = (name: string): string => name.replaceAll(/[\\*?[]/g, '\\$&');
