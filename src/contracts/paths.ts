/** An absolute path that does not climb. For what the other host names; where it may lead is for the driver to say. */
export function isPlainPath(path: string): boolean {
  return path.startsWith('/') && !path.includes('\0') && !path.split('/').includes('..');
}
