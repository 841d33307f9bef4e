import { chmod, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { readConfig } from '../config.ts';
import { alone } from '../history/alone.ts';
import { historyBase } from '../history/places.ts';
import type { Log } from '../log/record.ts';

/**
 * Writes the textfile that this host's settings name, if they do and there is news, for the textfile collector of Prometheus's node exporter. Never throws: what fails is said
 * in the log.
 */
export async function updateTextfile(log: Log): Promise<void> {
  const path = await readConfig().then(
    ({ metrics }) => metrics.textfile,
    () => undefined,
  );
  if (path === undefined) return;
  // Loaded only where it is wanted, which most hosts do not.
  const { metricsText } = await import('./text.ts');
  // The one who writes last must have read last.
  await alone(historyBase, async () => replace(path, await metricsText())).catch((error: unknown) =>
    log({ level: 'warn', message: `The metrics could not be written to ${path}: ${String(error)}` }),
  );
}

/** Whoever reads it finds all of the old text, or of the new. */
async function replace(path: string, text: string): Promise<void> {
  if ((await readFile(path, 'utf8').catch(() => null)) === text) return;
  // The collector reads *.prom.
  const unfinished = join(dirname(path), `.${basename(path)}.new`);
  try {
    await writeFile(unfinished, text);
    // Whatever the umask: the exporter is not root.
    await chmod(unfinished, 0o644);
    await rename(unfinished, path);
  } finally {
    await rm(unfinished, { force: true });
  }
}
