import { readFileSync } from 'node:fs';
import { ownFile } from './own-file.ts';

/** phaul's own release, from package.json. */
export const version: string = read();

function read(): string {
  const { version: found } = JSON.parse(readFileSync(ownFile('package.json'), 'utf8')) as Record<
    string,
    string
  >;
  return found ?? 'unknown';
}
