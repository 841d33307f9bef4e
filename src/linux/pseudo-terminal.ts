import { closeSync, constants, openSync } from 'node:fs';
import koffi from 'koffi';

const libc = koffi.load(null);
const ioctl = libc.func('int ioctl(int, uint64_t, void *)');

// asm-generic/ioctls.h
const TIOCGPTN = 0x80045430;
const TIOCSPTLCK = 0x40045431;

/** A new pair: the descriptor of one end, to be closed by the caller, and the path of the other. @throws Error if the kernel refuses */
export function openPseudoTerminal(): { readonly master: number; readonly path: string } {
  const master = openSync('/dev/ptmx', constants.O_RDWR | constants.O_NOCTTY);
  const number = Buffer.alloc(4);
  if (Number(ioctl(master, TIOCGPTN, number)) < 0 || Number(ioctl(master, TIOCSPTLCK, Buffer.alloc(4))) < 0) {
    closeSync(master);
    throw new Error(`/dev/ptmx: errno ${koffi.errno()}`);
  }
  return { master, path: `/dev/pts/${number.readUInt32LE()}` };
}
