import { readFileSync } from 'node:fs';

/** phaul's own release, from package.json, wherever this file was compiled to. */
export const version: string = read();

function read(): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const { name, version: found } = JSON.parse(
        readFileSync(new URL(path, import.meta.url), 'utf8'),
      ) as Record<string, string>;
      if (name === 'phaul' && found) return found;
    } catch {
      // Not at this depth.
    }
  }
  return 'unknown';
}
