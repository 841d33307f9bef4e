import { closeSync, fstatSync, openSync } from 'node:fs';
import koffi from 'koffi';

const libc = koffi.load(null);
const ioctl = libc.func('int ioctl(int, unsigned long, ...)');

// linux/nsfs.h
const NS_GET_USERNS = 0xb701;

/** The user namespace that a process's namespace of some kind belongs to, as /proc/PID/ns/user shows it; null if it cannot be told. */
export function namespaceOwner(pid: number, kind: string): string | null {
  let fd = -1;
  let owner = -1;
  try {
    fd = openSync(`/proc/${pid}/ns/${kind}`, 'r');
    owner = ioctl(fd, NS_GET_USERNS) as number;
    return owner < 0 ? null : `user:[${fstatSync(owner).ino}]`;
  } catch {
    return null;
  } finally {
    for (const each of [fd, owner]) if (each >= 0) closeSync(each);
  }
}
