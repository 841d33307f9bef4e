import { readFile } from 'node:fs/promises';

/** Has any runtime write what goes wrong into a file. */
export const logTo = (log: string): string[] => ['--log', log, '--log-format', 'json'];

/** The last thing said there; null: nothing. */
export async function saidIn(log: string): Promise<string | null> {
  const lines = (await readFile(log, 'utf8').catch(() => '')).trim().split('\n');
  const last = lines.at(-1);
  if (!last) return null;
  try {
    const { msg } = JSON.parse(last) as { msg?: unknown };
    return typeof msg === 'string' ? msg : last;
  } catch {
    return last;
  }
}
