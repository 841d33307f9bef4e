import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { logsIn } from './logs.ts';

/** A log of CRIU's. */
export interface CriuLog {
  /** `pre-dump-1`, `dump`, `restore`. */
  readonly name: string;
  readonly text: string;
  /** When its last line was written. */
  readonly written: Date;
}

/** Those that were kept; of a migration under way, those that are being written. @param images as of keepLogs */
export async function readLogs(history: string, images: string): Promise<CriuLog[]> {
  const kept = (await readdir(history).catch(() => [])).filter((name) => name.endsWith('.log'));
  const places = new Map(kept.map((name) => [name, join(history, name)]));
  for (const { from, name } of await logsIn(images)) if (!places.has(name)) places.set(name, from);
  const logs = [...places].map(async ([name, path]): Promise<CriuLog | null> => {
    try {
      const text = await readFile(path, 'utf8');
      return { name: name.replace(/\.log$/, ''), text, written: (await stat(path)).mtime };
    } catch {
      return null;
    }
  });
  return (await Promise.all(logs)).filter((log) => log !== null);
}
