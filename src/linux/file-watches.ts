import { readdir, readFile, readlink } from 'node:fs/promises';
import type { FileHandle } from './file-handle.ts';
import type { Inode } from './find-inodes.ts';

/** A file that a process watches with inotify or fanotify: the kernel does not remember by which name. */
export interface FileWatch extends Inode {
  /** Null: its file system gives none. */
  readonly handle: FileHandle | null;
}

/** What a process watches; nothing if it has ended. */
export async function watchesOf(pid: number): Promise<FileWatch[]> {
  const numbers = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const lists = await Promise.all(
    numbers.map(async (number) => {
      const link = await readlink(`/proc/${pid}/fd/${number}`).catch(() => '');
      if (!/^anon_inode:\[?(inotify|fanotify)\]?$/.test(link)) return [];
      return parseWatches(await readFile(`/proc/${pid}/fdinfo/${number}`, 'utf8').catch(() => ''));
    }),
  );
  return lists.flat();
}

const watchLine =
  /^(?:inotify wd:\w+|fanotify) ino:(\w+) sdev:(\w+)(?:.* fhandle-bytes:\w+ fhandle-type:(\w+) f_handle:(\w*))?/gm;

/** From the lines of proc_pid_fdinfo(5). A watch of a whole mount names no file. */
export function parseWatches(fdinfo: string): FileWatch[] {
  return [...fdinfo.matchAll(watchLine)].map(([, inode, device = '', type, bytes = '']) => ({
    device: kernelDevice(parseInt(device, 16)),
    inode: BigInt(`0x${inode}`),
    handle: type === undefined ? null : { type: parseInt(type, 16), bytes: Buffer.from(bytes, 'hex') },
  }));
}

// Inside the kernel a device's number is other bits than for programs (include/linux/kdev_t.h).
const kernelDevice = (device: number): string => `${device >>> 20}:${device & 0xfffff}`;
