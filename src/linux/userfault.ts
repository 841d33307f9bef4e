import koffi from 'koffi';

const libc = koffi.load(null);
const ioctl = libc.func('int ioctl(int, uint64_t, void *)');
const read = libc.func('int64_t read(int, void *, uint64_t)');
const poll = libc.func('int poll(void *, uint64_t, int)');

// linux/userfaultfd.h
const UFFDIO_COPY = 0xc028aa03;
const UFFDIO_ZEROPAGE = 0xc020aa04;
const UFFDIO_WAKE = 0x8010aa02;
/** One message of the kernel's. Its first byte is the kind, never zero. */
export const eventBytes = 32;
/** So many are taken at once, at most. */
export const eventsAtOnce = 64;
const kinds = { fault: 0x12, fork: 0x13, remap: 0x14, remove: 0x15, unmap: 0x16 } as const;

const EAGAIN = 11;
const pageBits = 12n;

/** What happened to a watched memory. Pages are numbers: address / 4096. */
export type MemoryEvent =
  /** A task waits for this page. */
  | { readonly type: 'fault'; readonly page: number }
  /** A task has forked; `fd` watches its child, whose memory lacks the same pages. */
  | { readonly type: 'fork'; readonly fd: number }
  | { readonly type: 'remap'; readonly from: number; readonly to: number; readonly count: number }
  /** The pages are no more, or zero. */
  | { readonly type: 'gone'; readonly page: number; readonly end: number };

const messages = Buffer.alloc(eventBytes * eventsAtOnce);
// struct pollfd: the descriptor, what is asked for (POLLIN), what there is.
const polled = Buffer.from([0, 0, 0, 0, 1, 0, 0, 0]);

/** Whether `takeEvents` would give anything. */
export function hasEvents(fd: number): boolean {
  polled.writeInt32LE(fd, 0);
  return Number(poll(polled, 1, 0)) > 0;
}

/**
 * What has happened since the last call, in order. Does not wait: the descriptor is non-blocking.
 * @param onChild is called before anything else with what watches a child's memory: should this process die now, nobody else has it
 * @param room for `eventsAtOnce` messages of the kernel's
 */
export function takeEvents(
  fd: number,
  onChild: (fd: number) => void,
  room: Buffer = messages,
): MemoryEvent[] {
  const bytes = Number(read(fd, room, eventBytes * eventsAtOnce));
  for (let at = 0; at < bytes; at += eventBytes)
    if (room[at] === kinds.fork) onChild(room.readUInt32LE(at + 8));
  return Array.from({ length: Math.max(0, bytes / eventBytes) }, (_, index) =>
    memoryEvent(room, index * eventBytes),
  );
}

/** A message of the kernel's, which begins at byte `at`. */
export function memoryEvent(bytes: Buffer, at: number): MemoryEvent {
  const page = (offset: number): number => Number(bytes.readBigUInt64LE(at + 8 + offset) >> pageBits);
  const kind = bytes[at] ?? 0;
  switch (kind) {
    case kinds.fault:
      return { type: 'fault', page: page(8) };
    case kinds.fork:
      return { type: 'fork', fd: bytes.readUInt32LE(at + 8) };
    case kinds.remap:
      return { type: 'remap', from: page(0), to: page(8), count: page(16) };
    case kinds.remove:
    case kinds.unmap:
      return { type: 'gone', page: page(0), end: page(8) };
    default:
      throw new Error(`userfaultfd: event ${kind}`);
  }
}

/** What became of pages that were to be put in place. */
export type Placed =
  /** So many are there; all that were asked for, or those before one that is not possible now. */
  | { readonly done: number }
  /** The first is there already. */
  | 'present'
  /** Something happens to the memory: take the events, then try again. */
  | 'again'
  /** Not all of the range is watched memory of one mapping. */
  | 'elsewhere'
  /** The memory is no more: its tasks have ended. */
  | 'ended';

const errors: Readonly<Record<number, Placed>> = {
  [EAGAIN]: 'again',
  17: 'present',
  2: 'elsewhere',
  // An empty range of addresses is what the kernel makes of some ends of the world.
  22: 'elsewhere',
  3: 'ended',
};

const copyRequest = Buffer.alloc(40);
const zeroRequest = Buffer.alloc(32);

/** Puts copies of pages in place and wakes who waits for them. @param source address of the contents in this process */
export function copyPages(fd: number, page: number, source: bigint, count: number): Placed {
  copyRequest.writeBigUInt64LE(BigInt(page) << pageBits, 0);
  copyRequest.writeBigUInt64LE(source, 8);
  copyRequest.writeBigUInt64LE(BigInt(count) << pageBits, 16);
  copyRequest.writeBigUInt64LE(0n, 24);
  copyRequest.writeBigInt64LE(0n, 32);
  return place(fd, UFFDIO_COPY, copyRequest, 32);
}

/** Puts pages of zeros in place and wakes who waits for them. */
export function zeroPages(fd: number, page: number, count: number): Placed {
  zeroRequest.writeBigUInt64LE(BigInt(page) << pageBits, 0);
  zeroRequest.writeBigUInt64LE(BigInt(count) << pageBits, 8);
  zeroRequest.writeBigUInt64LE(0n, 16);
  zeroRequest.writeBigInt64LE(0n, 24);
  return place(fd, UFFDIO_ZEROPAGE, zeroRequest, 24);
}

// Above what no process may map, and below what every process may (mm/userfaultfd.c, validate_range).
const lowest = 0x10000n;
const highest = 0x7ffffffff000n;

/** Lets everybody who waits look again: who still lacks a page asks for it anew, also one that has asked somebody who has died since. */
export function wakeAll(fd: number): void {
  const range = Buffer.alloc(16);
  range.writeBigUInt64LE(lowest, 0);
  range.writeBigUInt64LE(highest - lowest, 8);
  ioctl(fd, UFFDIO_WAKE, range);
}

/** @throws Error for what cannot be helped, such as no memory */
function place(fd: number, request: number, argument: Buffer, resultAt: number): Placed {
  const failed = ioctl(fd, request, argument) !== 0;
  const errno = koffi.errno();
  // Bytes, or a negative errno. It is set too if only a part was possible.
  const result = Number(argument.readBigInt64LE(resultAt));
  if (result > 0) return { done: result / 4096 };
  if (!failed) return { done: 0 };
  const why = errors[result < 0 ? -result : errno];
  if (why !== undefined) return why;
  throw new Error(`userfaultfd: errno ${result < 0 ? -result : errno}`);
}
