import koffi from 'koffi';

const libc = koffi.load(null);
const removexattr = libc.func('int removexattr(const char *, const char *)');

/** Frees a directory of what its default ACL would give to all that is made in it; it has one if the directory around it has. */
export function inheritNothing(directory: string): void {
  // Fails where there is none, which is as good.
  removexattr(directory, 'system.posix_acl_default');
}
