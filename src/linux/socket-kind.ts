import koffi from 'koffi';

const libc = koffi.load(null);
const getxattr = libc.func('int64_t getxattr(const char *, const char *, _Out_ uint8_t *, size_t)');

/**
 * What kind a process's socket is, as the kernel calls its protocol: `TCP`, `UNIX-STREAM`, `NETLINK`, `AF_VSOCK`, … (the attribute of sockfs that lsof
 * reads, too); null if it is none, or closed meanwhile.
 */
export function socketKind(pid: number, descriptor: number): string | null {
  const name = Buffer.alloc(64);
  const length = Number(getxattr(`/proc/${pid}/fd/${descriptor}`, 'system.sockprotoname', name, name.length));
  return length > 0 ? name.toString('latin1', 0, length).replace(/\0.*$/, '') : null;
}
