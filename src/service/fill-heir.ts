import { appendToJournal } from '../journal/journal.ts';
import { receiveDescriptor } from '../linux/descriptor-message.ts';
import { journalLog } from '../log/journal-log.ts';
import type { Log } from '../log/record.ts';
import { resumeFill } from '../pages/fill.ts';
import { readFillRecord } from '../pages/fill-record.ts';

// The sentry's (service/filling.ts).
const holder = 3;

/**
 * A program of its own: goes on with a fill whose phaul has died. Whoever waits for a page meanwhile, waits.
 * Arguments: the directory of the record, the migration.
 */
async function main([directory = '', migration = '']: readonly string[], log: Log): Promise<void> {
  log({ level: 'warn', message: 'phaul has died: what is left of the memory is put in place without it' });
  const spaces = readFillRecord(directory);
  const descriptors: number[] = [];
  for (let fd = receiveDescriptor(holder); fd !== null; fd = receiveDescriptor(holder)) descriptors.push(fd);
  if (descriptors.length !== spaces.length) throw new Error('not every memory can still be reached');
  const fill = resumeFill(spaces.map((space, index) => ({ ...space, fd: descriptors[index] ?? -1 })));
  // The promise alone keeps no process alive; the fill's timers do.
  await fill.done;
  const { total, waitedFor } = fill.progress();
  try {
    appendToJournal(migration, 'target', { filled: { pages: total, waitedFor } });
  } catch (error) {
    // The container has all that it needs.
    log({ level: 'warn', message: `the journal cannot be written: ${String(error)}` });
  }
  fill.close();
  log({ level: 'info', message: 'all of its memory is in place' });
}

const args = process.argv.slice(2);
const journal = await journalLog();
const log: Log = (record) => journal({ ...record, migration: args[1], host: 'target', act: 'fill' });
await main(args, log).catch((error: unknown) => {
  log({ level: 'error', message: `its memory cannot be put in place, and it is killed: ${String(error)}` });
  throw error;
});
