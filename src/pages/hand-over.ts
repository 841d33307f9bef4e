import { closeSync, openSync } from 'node:fs';
import { descriptorSocket } from '../linux/descriptor-socket.ts';

/** Takes the watched memories that a restoring CRIU hands over. */
export interface MemoryHandOver {
  /** Calls `each` with what has come since the last call: the task's pid as CRIU counts, and the descriptor that watches it. */
  readonly take: (each: (pid: number, fd: number) => void) => void;
  /** Idempotent. */
  readonly close: () => void;
}

// criu/uffd.c:57
const socketName = 'lazy-pages.socket';
const restoreFinished = 0x52535446;

/**
 * Listens where `criu restore --lazy-pages` looks for a daemon: in its working directory, which is the images'. For each task it says its pid and
 * passes the descriptor; a negative pid is a zombie, without one (criu/uffd.c, send_uffd).
 */
export function memoryHandOver(directory: string): MemoryHandOver {
  // The path of a socket must be short, and this one may be anywhere (--img-path).
  const parent = openSync(directory, 'r');
  const socket = descriptorSocket(`/proc/self/fd/${parent}/${socketName}`);
  closeSync(parent);
  let pid: number | null = null;
  let closed = false;
  return {
    take: (each) => {
      while (!closed) {
        if (pid === null) {
          const said = socket.number();
          if (said === null) return;
          if (said !== restoreFinished && said < 0x80000000) pid = said;
        } else {
          const fd = socket.descriptor();
          if (fd === null) return;
          each(pid, fd);
          pid = null;
        }
      }
    },
    close: () => {
      closed = true;
      socket.close();
    },
  };
}
