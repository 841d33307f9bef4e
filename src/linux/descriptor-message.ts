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
const sendmsg = libc.func('sendmsg', 'int64_t', ['int', koffi.pointer(header), 'int']);

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

/** Sends a copy of a descriptor over a Unix socket, without waiting. @returns whether there was room for it */
export function sendDescriptor(socket: number, fd: number): boolean {
  const control = Buffer.alloc(24);
  control.writeBigUInt64LE(20n, 0);
  control.writeInt32LE(SOL_SOCKET, 8);
  control.writeInt32LE(SCM_RIGHTS, 12);
  control.writeInt32LE(fd, 16);
  return Number(sendmsg(socket, messageOf(control), MSG_DONTWAIT | MSG_NOSIGNAL)) > 0;
}
