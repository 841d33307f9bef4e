import { closeSync, constants, openSync } from 'node:fs';
import koffi from 'koffi';

const libc = koffi.load(null);
const flock = libc.func('int flock(int, int)');

// Linux, sys/file.h and errno.h
const LOCK_EX = 2;
const LOCK_NB = 4;
const EWOULDBLOCK = 11;

/** A lock that ends with the process that has it, however that dies. */
export interface FileLock {
  /** The locked file, open for reading and appending; a directory for reading. */
  readonly fd: number;
  /** Idempotent. */
  readonly release: () => void;
}

/**
 * Locks a file against every other caller, of this process too; null if one has it. No child of this process inherits it.
 * @param create make the file if there is none @throws ENOENT, and whatever else the file system says
 */
export function lockFile(path: string, create: boolean): FileLock | null {
  return lock(path, constants.O_RDWR | constants.O_APPEND | (create ? constants.O_CREAT : 0));
}

/** The same for a directory. @throws as lockFile */
export function lockDirectory(path: string): FileLock | null {
  return lock(path, constants.O_RDONLY | constants.O_DIRECTORY);
}

function lock(path: string, flags: number): FileLock | null {
  let fd = openSync(path, flags, 0o600);
  if (flock(fd, LOCK_EX | LOCK_NB) !== 0) {
    const errno = koffi.errno();
    closeSync(fd);
    if (errno === EWOULDBLOCK) return null;
    throw new Error(`flock ${path}: errno ${errno}`);
  }
  return {
    get fd() {
      return fd;
    },
    release: () => {
      if (fd !== -1) closeSync(fd);
      fd = -1;
    },
  };
}
