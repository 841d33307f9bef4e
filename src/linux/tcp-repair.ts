import { closeSync } from 'node:fs';
import { readdir, readlink } from 'node:fs/promises';
import koffi from 'koffi';

const libc = koffi.load(null);
const pidfdOpen = libc.func('int pidfd_open(int pid, uint flags)');
const pidfdGetfd = libc.func('int pidfd_getfd(int pidfd, int fd, uint flags)');
const getsockopt = libc.func(
  'int getsockopt(int fd, int level, int name, _Out_ int *value, _Inout_ uint *size)',
);
const setsockopt = libc.func('int setsockopt(int fd, int level, int name, int *value, uint size)');

// Linux, netinet/tcp.h
const IPPROTO_TCP = 6;
const TCP_REPAIR = 19;

/**
 * Gives the TCP connections of stopped processes back to them. A CRIU that is killed in a dump leaves them in repair mode, where a write fails and a close
 * says nothing to the peer; it would have ended that as this does (CRIU, soccr/soccr.c, tcp_repair_off).
 */
export async function endTcpRepair(pids: readonly number[]): Promise<void> {
  for (const pid of pids) {
    const process = pidfdOpen(pid, 0) as number;
    if (process < 0) continue;
    try {
      for (const fd of await socketsOf(pid)) endRepair(pidfdGetfd(process, fd, 0) as number);
    } finally {
      closeSync(process);
    }
  }
}

async function socketsOf(pid: number): Promise<number[]> {
  const fds = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const links = await Promise.all(fds.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
  return fds.filter((_, index) => links[index]?.startsWith('socket:')).map(Number);
}

function endRepair(socket: number): void {
  if (socket < 0) return;
  try {
    const value = [0];
    // Other sockets have no such option.
    const known = getsockopt(socket, IPPROTO_TCP, TCP_REPAIR, value, [4]) === 0;
    if (known && value[0] === 1) setsockopt(socket, IPPROTO_TCP, TCP_REPAIR, [0], 4);
  } finally {
    closeSync(socket);
  }
}
