import koffi from 'koffi';

const libc = koffi.load(null);
// (olddirfd, oldpath, newdirfd, newpath, flags)
const renameat2 = libc.func('int renameat2(int, const char *, int, const char *, unsigned int)');

// Linux's values on x86-64 and arm64.
const AT_FDCWD = -100;
const RENAME_EXCHANGE = 2;

/**
 * Lets two paths change places in one step: at no instant is either of them missing. What they are does not matter; a symbolic link
 * is not followed.
 * @throws Error with a `code` (ENOENT, EXDEV, EBUSY: one is a mount point) if nothing was changed
 */
export function exchange(one: string, other: string): void {
  if (renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE) === 0) return;
  const errno = koffi.errno();
  const names = Object.entries(koffi.os.errno as Record<string, number>);
  const code = names.find(([, value]) => value === errno)?.[0] ?? `errno ${errno}`;
  throw Object.assign(new Error(`${code}: ${one} and ${other} could not change places`), { code });
}
