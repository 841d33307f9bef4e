import { closeSync, readFileSync } from 'node:fs';
import koffi from 'koffi';
import { always, attachFilter, frameTo, opensConnection } from './packet-filter.ts';

const libc = koffi.load(null);
const socket = libc.func('int socket(int, int, int)');
const setsockopt = libc.func('int setsockopt(int, int, int, const void *, uint32_t)');
const bind = libc.func('int bind(int, const void *, uint32_t)');
const recv = libc.func('int64_t recv(int, _Out_ uint8_t *, uint64_t, int)');
const send = libc.func('int64_t send(int, const uint8_t *, uint64_t, int)');

// Linux's values on x86-64 and arm64.
const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOCK_FLAGS = 0o2004000; // SOCK_CLOEXEC | SOCK_NONBLOCK
const ETH_P_ALL = 0x0300; // in network byte order
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const SOL_PACKET = 263;
const PACKET_VNET_HDR = 15;

const largestFrame = 70_000;
const bufferBytes = 1 << 20;

/** Frames that come for the container while it cannot take them. */
export interface HeldPackets {
  /** From now on every frame, not only those that ask for a TCP connection. */
  readonly all: () => void;
  /** What came since the start, each with its virtio-net header, oldest first; of so many bytes in all, and what is left of the last frame. */
  readonly take: (most: number) => Buffer[];
  readonly close: () => void;
}

/**
 * From now on listens, without disturbing anyone, for frames to this MAC address on every interface of this host: at first for those
 * that ask for a TCP connection. A peer whose packet is lost in the freeze sends it again after 200 ms at the earliest (one that asks
 * for a connection: after a second), then 400, 800, …; handed to the container on the target instead, such a packet was merely slow,
 * and the peer notices the freeze alone.
 *
 * Each frame keeps its virtio-net header: between virtual interfaces checksums are not filled in, and the header says so.
 * @param bridge the interface whose outgoing frames are this host's own to the container; other outgoing ones are copies
 */
export function holdPackets(mac: string, bridge: string | null): HeldPackets {
  const fd = rawSocket();
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, int(bufferBytes), 4);
  const toContainer = frameTo(mac, bridge === null ? 0 : interfaceIndex(bridge));
  attachFilter(fd, [...toContainer, ...opensConnection(largestFrame, 0)]);
  attach(fd, ETH_P_ALL, 0);
  return {
    all: () => attachFilter(fd, [...toContainer, ...always(largestFrame)]),
    take: (most) => {
      const frames: Buffer[] = [];
      const buffer = Buffer.alloc(largestFrame);
      for (let total = 0; total < most;) {
        const length = Number(recv(fd, buffer, largestFrame, 0));
        if (length <= 0) break;
        frames.push(Buffer.from(buffer.subarray(0, length)));
        total += length;
      }
      return frames;
    },
    close: () => closeSync(fd),
  };
}

/** Sends such frames out of `device`, the host's end of the container's veth pair, so that they arrive in the container. */
export function deliverPackets(device: string, frames: readonly Buffer[]): void {
  const fd = rawSocket();
  try {
    attach(fd, 0, interfaceIndex(device));
    for (const frame of frames) send(fd, frame, frame.length, 0);
  } finally {
    closeSync(fd);
  }
}

/** Receives nothing before `attach`. */
function rawSocket(): number {
  const fd = socket(AF_PACKET, SOCK_RAW | SOCK_FLAGS, 0) as number;
  if (fd < 0) throw new Error(`packet socket: errno ${koffi.errno()}`);
  setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, int(1), 4);
  return fd;
}

/** @param protocol in network byte order; 0: only to send. @param index of the interface; 0: all of them */
function attach(fd: number, protocol: number, index: number): void {
  const address = Buffer.alloc(20); // struct sockaddr_ll
  address.writeUInt16LE(AF_PACKET, 0);
  address.writeUInt16LE(protocol, 2);
  address.writeInt32LE(index, 4);
  if (bind(fd, address, address.length) < 0) throw new Error(`packet socket: errno ${koffi.errno()}`);
}

function interfaceIndex(name: string): number {
  return Number(readFileSync(`/sys/class/net/${name}/ifindex`, 'utf8'));
}

function int(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}
