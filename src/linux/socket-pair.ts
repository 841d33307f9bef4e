import koffi from 'koffi';

const libc = koffi.load(null);
const socketpair = libc.func('int socketpair(int, int, int, _Out_ int *sv)');
const setsockopt = libc.func('int setsockopt(int, int, int, int *, unsigned int)');

// Linux on x86-64 and arm64.
const AF_UNIX = 1;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_SNDBUFFORCE = 32;

export const socketTypes = { stream: 1, seqpacket: 5 } as const;

/** Two connected Unix sockets, blocking, that no child inherits unasked. @throws Error if the kernel refuses */
export function socketPair(type: number): [number, number] {
  const fds = [-1, -1];
  if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds) < 0)
    throw new Error(`socketpair: errno ${koffi.errno()}`);
  return fds as [number, number];
}

/** Lets a socket hold so many bytes that nobody has read yet, whatever the host's limit. Without effect if the kernel refuses. */
export function growSendBuffer(fd: number, bytes: number): void {
  setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, [bytes], 4);
}
