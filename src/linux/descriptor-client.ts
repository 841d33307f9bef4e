import { closeSync } from 'node:fs';
import koffi from 'koffi';
import { sendDescriptor } from './descriptor-message.ts';
import { unixAddress } from './unix-address.ts';

const libc = koffi.load(null);
const socket = libc.func('int socket(int, int, int)');
const connect = libc.func('int connect(int, const void *, uint32_t)');

// Linux on x86-64 and arm64.
const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;

/** Gives a copy of a descriptor to whoever listens at that path. @throws Error if nobody does */
export function giveDescriptor(path: string, fd: number): void {
  const address = unixAddress(path);
  const to = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) as number;
  try {
    if (connect(to, address, address.length) < 0 || !sendDescriptor(to, fd))
      throw new Error(`${path}: errno ${koffi.errno()}`);
  } finally {
    closeSync(to);
  }
}
