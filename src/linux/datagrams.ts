import { closeSync } from 'node:fs';
import koffi from 'koffi';
import { unixAddress } from './unix-address.ts';

const libc = koffi.load(null);
const socket = libc.func('int socket(int, int, int)');
const connect = libc.func('int connect(int, const void *, uint32_t)');
const send = libc.func('int64_t send(int, const void *, uint64_t, int)');

// Linux on x86-64 and arm64.
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_FLAGS = 0o2004000; // SOCK_CLOEXEC | SOCK_NONBLOCK
const MSG_NOSIGNAL = 0x4000;

/**
 * Sends datagrams to a Unix socket, which Node cannot; null: nobody has it. What the reader has no room for is lost: it takes microseconds, and nobody
 * waits. It keeps its descriptor for as long as the process lives.
 */
export function datagramsTo(path: string): ((datagram: Buffer) => void) | null {
  const fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_FLAGS, 0) as number;
  if (fd < 0) return null;
  const address = unixAddress(path);
  if (connect(fd, address, address.length) < 0) {
    closeSync(fd);
    return null;
  }
  return (datagram) => void send(fd, datagram, datagram.length, MSG_NOSIGNAL);
}
