import { configArguments } from '../config.ts';
import { ownProgram } from '../own-file.ts';
import { postSentry } from '../sentry.ts';
import { createJournal, type Journal, journalDirectory, unfinishedJournal } from './journal.ts';

// $1: the migration's directory; $2: a journal that was never finished; the others: `phaul recover ID`. Tried again for as long as the other host cannot be
// reached.
const watch = `cat >/dev/null
directory=$1; rm -f "$2"; rmdir "$1" 2>/dev/null
shift 2
pause=1
while [ -e "$directory" ]; do
  "$@" && exit
  sleep $pause
  [ $pause -ge 30 ] || pause=$((pause * 2))
done`;

const main = ownProgram('src/cli/main');

/**
 * Begins a journal, and posts somebody who goes on with its migration when this process has ended, killed or not, or has closed the journal: for as long as
 * that is there it runs `phaul recover ID`. @throws as createJournal
 */
export async function createGuardedJournal(about: Parameters<typeof createJournal>[0]): Promise<Journal> {
  const { migration, role } = about;
  const recover = [process.execPath, ...process.execArgv, main, 'recover', ...configArguments(), migration];
  // First: this process may be killed while it makes the journal.
  const guard = postSentry(watch, [
    journalDirectory(migration),
    unfinishedJournal(migration, role),
    ...recover,
  ]);
  // A program that uses phaul as a library may live on for days.
  const thenLeave = (end: () => void) => (): void => {
    end();
    guard.leave();
  };
  try {
    const journal = await createJournal(about);
    return { ...journal, remove: thenLeave(journal.remove), close: thenLeave(journal.close) };
  } catch (error) {
    guard.leave();
    throw error;
  }
}
