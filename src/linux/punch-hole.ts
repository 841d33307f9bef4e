import koffi from 'koffi';

const libc = koffi.load(null);
const fallocate = libc.func('int fallocate(int, int, int64_t, int64_t)');

// linux/falloc.h
const FALLOC_FL_KEEP_SIZE = 1;
const FALLOC_FL_PUNCH_HOLE = 2;

/** Gives a range of a file back to the file system; it reads as zeros then. In bytes. @throws Error if the file system cannot */
export function punchHole(fd: number, offset: number, length: number): void {
  if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length) !== 0)
    throw new Error(`fallocate: errno ${koffi.errno()}`);
}
