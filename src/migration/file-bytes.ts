import type { DriverContext } from '../contracts/context.ts';
import { fsDriverNamed } from '../contracts/registry.ts';
import { join } from 'node:path';
import type { Share } from './choose-fs.ts';

const patienceMs = 10_000;

/** Bytes in the files that would be copied if the target had none of them; null if counting takes too long. */
export async function fileBytes(shares: readonly Share[], ctx: DriverContext): Promise<number | null> {
  let sum = 0;
  for (const { driver, trees } of shares) {
    if (!(await fsDriverNamed(driver)).capabilities.copies) continue;
    for (const { source, without } of trees) {
      // Mounts below are among those, so du need not look at devices, of which files of an overlayfs have others than their directories.
      const excluded = without.map((path) => `--exclude=${literally(join(source, path))}`);
      const { stdout, expired } = await ctx.attempt(
        'du',
        ['--summarize', '--bytes', ...excluded, '--', source],
        { limitMs: patienceMs },
      );
      const bytes = Number.parseInt(stdout, 10);
      if (expired || Number.isNaN(bytes)) return null;
      sum += bytes;
    }
  }
  return sum;
}

/** For du a pattern. */
function literally(path: string): string {
  return path.replaceAll(/[\\*?[]/g, (special) => `\\${special}`);
}
