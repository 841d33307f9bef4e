import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { postSentry } from '../sentry.ts';
import { journalDirectory } from './journal.ts';

// $1: the migration's directory; the others: `phaul recover ID`. Tried again for as long as the other host cannot be reached.
const watch = `cat >/dev/null
directory=$1; shift
pause=1
while [ -e "$directory" ]; do
  "$@" && exit
  sleep $pause
  [ $pause -ge 30 ] || pause=$((pause * 2))
done`;

const main = fileURLToPath(new URL(`../cli/main${extname(import.meta.url)}`, import.meta.url));

/**
 * Posts somebody who goes on with a migration when this process has ended, killed or not: for as long as the migration's journal is there it runs
 * `phaul recover ID`.
 */
export function postGuard(migration: string): void {
  const recover = [process.execPath, ...process.execArgv, main, 'recover', migration];
  postSentry(watch, [journalDirectory(migration), ...recover]);
}
