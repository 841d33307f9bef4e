import { readdir, readFile, readlink, stat } from 'node:fs/promises';

/** One open descriptor of a process. */
export interface Descriptor {
  readonly number: number;
  /** What /proc says that it leads to: a path, or for instance `socket:[4711]` or `anon_inode:[eventpoll]`. */
  readonly link: string;
  readonly kind: 'file' | 'directory' | 'socket' | 'pipe' | 'character' | 'block' | 'other';
  /** Of a device: major and minor. */
  readonly device: readonly [number, number];
  readonly inode: number;
  /** Hard links: 0 if it has been deleted. */
  readonly names: number;
  readonly size: number;
  /** On the disk. */
  readonly bytes: number;
  /** As in mountinfo. */
  readonly mount: number;
  readonly access: 'read' | 'write' | 'both';
}

/** The descriptors of a process, by their numbers. What is closed meanwhile is left out; nothing if the process has ended. */
export async function descriptorsOf(pid: number): Promise<Descriptor[]> {
  const numbers = (await readdir(`/proc/${pid}/fd`).catch(() => [])).map(Number).sort((a, b) => a - b);
  const found = await Promise.all(numbers.map((number) => descriptor(pid, number).catch(() => null)));
  return found.filter((each) => each !== null);
}

async function descriptor(pid: number, number: number): Promise<Descriptor> {
  const path = `/proc/${pid}/fd/${number}`;
  const [link, found, info] = await Promise.all([
    readlink(path),
    stat(path),
    readFile(`/proc/${pid}/fdinfo/${number}`, 'utf8'),
  ]);
  return {
    number,
    link,
    kind: kindOf(found),
    device: deviceNumbers(found.rdev),
    inode: found.ino,
    names: found.nlink,
    size: found.size,
    bytes: found.blocks * 512,
    ...parseFdinfo(info),
  };
}

const modes = ['read', 'write', 'both', 'both'] as const;

/** The fields that all kinds have in /proc/PID/fdinfo/N. */
export function parseFdinfo(text: string): Pick<Descriptor, 'mount' | 'access'> {
  const field = (name: string): string => new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(text)?.[1] ?? '';
  return {
    mount: Number(field('mnt_id')),
    access: modes[parseInt(field('flags') || '0', 8) & 3] ?? 'both',
  };
}

/** Major and minor of a `dev_t`, as glibc has them in 64 bits. */
export function deviceNumbers(device: number): readonly [number, number] {
  return [(device >>> 8) & 0xfff, (device & 0xff) | ((device >>> 12) & 0xfff00)];
}

function kindOf(found: Awaited<ReturnType<typeof stat>>): Descriptor['kind'] {
  if (found.isFile()) return 'file';
  if (found.isDirectory()) return 'directory';
  if (found.isSocket()) return 'socket';
  if (found.isFIFO()) return 'pipe';
  if (found.isCharacterDevice()) return 'character';
  return found.isBlockDevice() ? 'block' : 'other';
}
