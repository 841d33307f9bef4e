import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** Everything below a directory, to compare: two are equal only if nothing was changed in between. */
export function picture(root: string): string[] {
  const lines: string[] = [];
  const look = (path: string): void => {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (!stat) return;
    const what = stat.isSymbolicLink()
      ? readlinkSync(path)
      : stat.isFile()
        ? createHash('sha256').update(readFileSync(path)).digest('base64')
        : '';
    const time = stat.isDirectory() ? '' : String(stat.mtimeMs);
    lines.push(JSON.stringify([path.slice(root.length), stat.mode.toString(8), stat.uid, time, what]));
    if (stat.isDirectory()) for (const name of readdirSync(path).sort()) look(join(path, name));
  };
  look(root);
  return lines;
}

/** The same without times: for comparing a copy. */
export const contents = (root: string): unknown[] =>
  picture(root).map((line) => (JSON.parse(line) as unknown[]).toSpliced(3, 1));
