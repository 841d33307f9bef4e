import { closeSync } from 'node:fs';
import koffi from 'koffi';
import { receiveDescriptor } from './descriptor-message.ts';
import { unixAddress } from './unix-address.ts';

const libc = koffi.load(null);
const socket = libc.func('int socket(int, int, int)');
const bind = libc.func('int bind(int, const void *, uint32_t)');
const listen = libc.func('int listen(int, int)');
const accept4 = libc.func('int accept4(int, void *, void *, int)');
const recv = libc.func('int64_t recv(int, void *, uint64_t, int)');

// Linux on x86-64 and arm64.
const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_FLAGS = 0o2004000; // SOCK_CLOEXEC | SOCK_NONBLOCK

/** A Unix socket that takes one connection, over which numbers and descriptors come. Nothing here waits. */
export interface DescriptorSocket {
  /** The next number (u32); null: none has come yet. */
  readonly number: () => number | null;
  /** The next descriptor; null: none has come yet. */
  readonly descriptor: () => number | null;
  /** Idempotent. */
  readonly close: () => void;
}

/** @throws Error if the path is taken or too long */
export function descriptorSocket(path: string): DescriptorSocket {
  const address = unixAddress(path);
  let listening = socket(AF_UNIX, SOCK_STREAM | SOCK_FLAGS, 0) as number;
  let peer = -1;
  const close = (): void => {
    for (const fd of [listening, peer]) if (fd >= 0) closeSync(fd);
    [listening, peer] = [-1, -1];
  };
  if (bind(listening, address, address.length) < 0 || listen(listening, 1) < 0) {
    const errno = koffi.errno();
    close();
    throw new Error(`${path}: errno ${errno}`);
  }
  const connected = (): boolean => {
    if (peer < 0 && listening >= 0) peer = accept4(listening, null, null, SOCK_FLAGS) as number;
    return peer >= 0;
  };
  return {
    number: () => {
      const bytes = Buffer.alloc(4);
      return connected() && Number(recv(peer, bytes, 4, 0)) === 4 ? bytes.readUInt32LE() : null;
    },
    descriptor: () => (connected() ? receiveDescriptor(peer) : null),
    close,
  };
}
