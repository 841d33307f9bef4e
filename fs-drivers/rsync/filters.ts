/** The pattern that matches exactly this name, relative to the directory that is copied. It is a line of its own in a file, too. */
export function anchored(name: string): string {
  // rsync takes a backslash for itself where the pattern has no wildcard, and as an escape where it has.
  if (!/[*?[\r\n]/.test(name)) return `/${name}`;
  return `/${name.replaceAll(/[\\*?[]/g, '\\$&').replaceAll(/[\r\n]/g, '?')}`;
}
