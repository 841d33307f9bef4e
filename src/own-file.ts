import { existsSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(import.meta.url);

/**
 * A file of phaul's own, by its path from the directory that this module was loaded from: that of the sources, of what was compiled of them, or of the
 * bundle, whose parts are not where their sources are. One above it where there is none.
 */
export function ownFile(path: string): string {
  let directory = dirname(here);
  while (directory !== '/' && !existsSync(join(directory, path))) directory = dirname(directory);
  return join(directory, path);
}

/** A program of phaul's own that node runs, by its path without the ending, for instance `src/cli/main`. */
export function ownProgram(path: string): string {
  return ownFile(path + extname(here));
}
