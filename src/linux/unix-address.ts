// Linux, sys/un.h.
const AF_UNIX = 1;
const longestPath = 107;

/** A path as the system calls take it (sockaddr_un). @throws Error if it is too long for a socket */
export function unixAddress(path: string): Buffer {
  const length = Buffer.byteLength(path);
  if (length > longestPath) throw new Error(`${path} is too long for a socket`);
  const address = Buffer.alloc(2 + length + 1);
  address.writeUInt16LE(AF_UNIX);
  address.write(path, 2);
  return address;
}
