import { closeSync, fstatSync, openSync, writeFileSync } from 'node:fs';
import koffi from 'koffi';

const libc = koffi.load(null);
const mmap = libc.func('uint64_t mmap(uint64_t, uint64_t, int, int, int, int64_t)');
const munmap = libc.func('int munmap(uint64_t, uint64_t)');
const madvise = libc.func('int madvise(uint64_t, uint64_t, int)');

const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;
const MADV_POPULATE_READ = 22;

/** A file as memory of this process, to be read by the kernel on our behalf. Bytes and byte offsets. */
export interface MappedFile {
  readonly address: (offset: number) => bigint;
  /** Makes the kernel find the range at once, and not page by page. */
  readonly prepare: (offset: number, length: number) => void;
  readonly close: () => void;
}

/** @param path of a file that is not empty. @throws Error if the kernel refuses */
export function mapFile(path: string): MappedFile {
  const { start, close } = map(path, 'r', PROT_READ);
  return {
    address: (offset) => start + BigInt(offset),
    // Older kernels refuse, and then find the pages one by one.
    prepare: (offset, length) => void madvise(start + BigInt(offset), length, MADV_POPULATE_READ),
    close,
  };
}

/** A file that holds at once whatever is written into `bytes`, whoever writes it and dies right then. */
export interface SharedRoom {
  /** Not to be touched after `close`. */
  readonly bytes: Buffer;
  readonly close: () => void;
}

/** Makes a file of so many zeros, all of them with room of their own already. @throws Error if there is no room, or the kernel refuses */
export function sharedRoom(path: string, length: number): SharedRoom {
  writeFileSync(path, Buffer.alloc(length), { mode: 0o600 });
  const { start, close } = map(path, 'r+', PROT_READ | PROT_WRITE);
  return { bytes: Buffer.from(koffi.view(start, length)), close };
}

function map(
  path: string,
  flags: 'r' | 'r+',
  protection: number,
): { readonly start: bigint; readonly close: () => void } {
  const fd = openSync(path, flags);
  try {
    const { size } = fstatSync(fd);
    const start = BigInt(mmap(0, size, protection, MAP_SHARED, fd, 0) as number | bigint);
    if (start === 0xffffffffffffffffn) throw new Error(`mmap: errno ${koffi.errno()}`);
    return { start, close: () => void munmap(start, size) };
  } finally {
    closeSync(fd);
  }
}
