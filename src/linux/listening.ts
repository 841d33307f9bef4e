import { closeSync, openSync } from 'node:fs';
import koffi from 'koffi';

const libc = koffi.load(null);
const setns = libc.func('int setns(int fd, int kind)');
const socket = libc.func('int socket(int, int, int)');
const send = libc.func('int64_t send(int, const uint8_t *, uint64_t, int)');
const recv = libc.func('int64_t recv(int, _Out_ uint8_t *, uint64_t, int)');

// Linux on x86-64 and arm64.
const CLONE_NEWNET = 0x4000_0000;
const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 0o2000003;
const NETLINK_SOCK_DIAG = 4;
const MSG_DONTWAIT = 0x40;
// linux/netlink.h, linux/sock_diag.h
const headerBytes = 16;
const NLM_F_REQUEST_DUMP = 0x301;
const SOCK_DIAG_BY_FAMILY = 20;
// linux/inet_diag.h
const requestBytes = 56;
const IPPROTO_TCP = 6;
const TCP_LISTEN = 10;
const [sourcePort, receiveQueue] = [4, 56];
const families = [2, 10];
// The kernel fills no more at once.
const mostBytes = 32 << 10;

/** A TCP socket that listens. */
export interface Listening {
  readonly port: number;
  /** How many connections wait for a process to accept them. */
  readonly unaccepted: number;
}

/** The TCP sockets that listen in one network namespace. To look costs microseconds, where /proc/net/tcp has the kernel walk through all connections of the host. */
export interface Listeners {
  readonly look: () => Listening[];
  readonly close: () => void;
}

/** @param pid a process in the namespace. @throws Error if it is gone, or the kernel refuses */
export function listenersOf(pid: number): Listeners {
  const fd = within(pid, () => socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_SOCK_DIAG) as number);
  if (fd < 0) throw new Error(`sock_diag: errno ${koffi.errno()}`);
  return { look: () => families.flatMap((family) => ask(fd, family)), close: () => closeSync(fd) };
}

/** A socket belongs to the namespace in which its thread is when it is made. */
function within<T>(pid: number, work: () => T): T {
  const home = openSync('/proc/thread-self/ns/net', 'r');
  try {
    const there = openSync(`/proc/${pid}/ns/net`, 'r');
    try {
      enter(there);
      return work();
    } finally {
      enter(home);
      closeSync(there);
    }
  } finally {
    closeSync(home);
  }
}

function enter(namespace: number): void {
  if ((setns(namespace, CLONE_NEWNET) as number) < 0)
    throw new Error(`network namespace: errno ${koffi.errno()}`);
}

function ask(fd: number, family: number): Listening[] {
  const request = Buffer.alloc(headerBytes + requestBytes);
  request.writeUInt32LE(request.length, 0);
  request.writeUInt16LE(SOCK_DIAG_BY_FAMILY, 4);
  request.writeUInt16LE(NLM_F_REQUEST_DUMP, 6);
  request.set([family, IPPROTO_TCP], headerBytes);
  request.writeUInt32LE(1 << TCP_LISTEN, headerBytes + 4);
  send(fd, request, request.length, 0);
  const found: Listening[] = [];
  const buffer = Buffer.alloc(mostBytes);
  // The last message is of another kind: it ends the answer, or says that there is none.
  for (;;) {
    const filled = Number(recv(fd, buffer, buffer.length, MSG_DONTWAIT));
    if (filled <= 0) return found;
    for (let at = 0; at < filled; at += buffer.readUInt32LE(at)) {
      if (buffer.readUInt16LE(at + 4) !== SOCK_DIAG_BY_FAMILY) return found;
      const body = at + headerBytes;
      found.push({
        port: buffer.readUInt16BE(body + sourcePort),
        unaccepted: buffer.readUInt32LE(body + receiveQueue),
      });
    }
  }
}
