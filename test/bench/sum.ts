/** Shell text that prints one word for the names and contents of all files in a directory. */
export function sum(directory: string): string {
  return `cd ${directory} && find . -type f -exec sha256sum {} + | sort | sha256sum`;
}
