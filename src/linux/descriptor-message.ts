import koffi from 'koffi';

const libc = koffi.load(null);
const iovec = koffi.struct('iovec', { base: 'void *', length: 'uint64_t' });
const header = koffi.struct('msghdr', {
  name: 'void *',
  nameLength: 'uint32_t',
  data: koffi.pointer(iovec),
  dataLength: 'uint64_t',
  control: 'void *',
  controlLength: 'uint64_t',
  flags: 'int',
});
const recvmsg = libc.func('recvmsg', 'int64_t', ['int', koffi.pointer(header), 'int']);
const sendmsg = libc.func('sendmsg', 'int64_t', ['int', 'void *', 'int']);

// Linux on x86-64 and arm64.
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x40000000;

/** One byte with a descriptor beside it. @param control a struct cmsghdr { size_t, int level, int type }, then one int, padded: 24 bytes */
const messageOf = (control: Buffer): object => ({
  name: null,
  nameLength: 0,
  data: [{ base: Buffer.alloc(8), length: 1 }],
  dataLength: 1,
  control,
  controlLength: control.length,
  flags: 0,
});

/** Takes a descriptor from a Unix socket; null: none has come yet. */
export function receiveDescriptor(socket: number): number | null {
  const control = Buffer.alloc(24);
  if (Number(recvmsg(socket, messageOf(control), MSG_CMSG_CLOEXEC)) <= 0) return null;
  return control.readInt32LE(16);
}

// What is sent, laid out once: struct msghdr, its struct iovec, the byte, and the control message.
const sent = { header: 0, iovec: 56, data: 72, control: 80, length: 104 } as const;
const start = koffi.alloc('uint8_t', sent.length) as bigint;
const message = Buffer.from(koffi.view(start, sent.length));
koffi.encode(start, header, {
  name: null,
  nameLength: 0,
  data: start + BigInt(sent.iovec),
  dataLength: 1,
  control: start + BigInt(sent.control),
  controlLength: 24,
  flags: 0,
});
koffi.encode(start + BigInt(sent.iovec), iovec, { base: start + BigInt(sent.data), length: 1 });
message.writeBigUInt64LE(20n, sent.control);
message.writeInt32LE(SOL_SOCKET, sent.control + 8);
message.writeInt32LE(SCM_RIGHTS, sent.control + 12);

/**
 * Sends a copy of a descriptor over a Unix socket, without waiting. It takes three microseconds, since somebody's life may hang on it (pages/fill-record.ts).
 * @returns whether there was room for it
 */
export function sendDescriptor(socket: number, fd: number): boolean {
  message.writeInt32LE(fd, sent.control + 16);
  return Number(sendmsg(socket, start, MSG_DONTWAIT | MSG_NOSIGNAL)) > 0;
}
