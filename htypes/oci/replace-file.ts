import { rename, writeFile } from 'node:fs/promises';

/** Whoever reads the file meanwhile finds what was there or what comes, and nothing in between. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.phaul`;
  await writeFile(temporary, text, { mode: 0o600 });
  await rename(temporary, path);
}
