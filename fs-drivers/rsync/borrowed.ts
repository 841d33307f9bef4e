import type { Borrowed } from '../../src/contracts/fs-driver.ts';
import type { Entry } from './scan.ts';
import { parentOf } from './names.ts';

/**
 * Leaves out of a scan what CRIU does in the directory that it borrows. The container has not changed that `since`, and stands still: so nothing that is new in it is the
 * container's.
 *
 * @param before the directories that there were then; null: not known
 */
export function exceptBorrowed(
  borrowed: Borrowed | null | undefined,
  since: number | null,
  before: ReadonlyMap<string, string> | null,
  take: (entry: Entry) => void,
): (entry: Entry) => void {
  if (!borrowed || since === null || borrowed.changedMs >= since) return take;
  let place: string | null = null;
  return (entry) => {
    if (entry.directory && entry.id === borrowed.id) {
      place = entry.name;
      return take({ ...entry, changed: false });
    }
    const isNew = entry.directory && parentOf(entry.name) === place && !before?.has(entry.name);
    if (!isNew) take(entry);
  };
}
