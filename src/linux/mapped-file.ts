import { closeSync, fstatSync, openSync } from 'node:fs';
import koffi from 'koffi';

const libc = koffi.load(null);
const mmap = libc.func('uint64_t mmap(uint64_t, uint64_t, int, int, int, int64_t)');
const munmap = libc.func('int munmap(uint64_t, uint64_t)');
const madvise = libc.func('int madvise(uint64_t, uint64_t, int)');

const PROT_READ = 1;
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
  const fd = openSync(path, 'r');
  try {
    const { size } = fstatSync(fd);
    const start = BigInt(mmap(0, size, PROT_READ, MAP_SHARED, fd, 0) as number | bigint);
    if (start === 0xffffffffffffffffn) throw new Error(`mmap: errno ${koffi.errno()}`);
    return {
      address: (offset) => start + BigInt(offset),
      // Older kernels refuse, and then find the pages one by one.
      prepare: (offset, length) => void madvise(start + BigInt(offset), length, MADV_POPULATE_READ),
      close: () => void munmap(start, size),
    };
  } finally {
    closeSync(fd);
  }
}
