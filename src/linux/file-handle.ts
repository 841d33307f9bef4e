import { closeSync, constants, openSync, readlinkSync } from 'node:fs';
import koffi from 'koffi';

const libc = koffi.load(null);
const openByHandle = libc.func('int open_by_handle_at(int mount, void *handle, int flags)');

// Linux, asm-generic/fcntl.h
const O_PATH = 0o10000000;

/** What a file system finds a file by (open_by_handle_at(2)). */
export interface FileHandle {
  readonly type: number;
  readonly bytes: Buffer;
}

/**
 * The name that the kernel has for a file at the moment, as the namespace of `mount` sees it; null: this file system cannot find one, or not that one.
 * @param mount a directory on it, as this process sees it
 */
export function nameByHandle(mount: string, { type, bytes }: FileHandle): string | null {
  // struct file_handle
  const handle = Buffer.alloc(8 + bytes.length);
  handle.writeUInt32LE(bytes.length, 0);
  handle.writeInt32LE(type, 4);
  bytes.copy(handle, 8);
  let directory: number;
  try {
    directory = openSync(mount, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch {
    return null;
  }
  try {
    const file = openByHandle(directory, handle, O_PATH) as number;
    if (file < 0) return null;
    try {
      return readlinkSync(`/proc/self/fd/${file}`);
    } finally {
      closeSync(file);
    }
  } finally {
    closeSync(directory);
  }
}
