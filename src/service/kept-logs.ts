import { readEnd } from '../history/end.ts';
import { historyDirectory } from '../history/places.ts';
import { readLogs } from '../history/read-logs.ts';
import { stories } from '../journal/journal.ts';
import type { Result } from '../rpc/methods.ts';
import { workspaceDirectory } from '../workspace.ts';

// In a frame, which can have 1 Mi characters.
const mostCharacters = 900_000;
const mostLogs = 32;

/** What this host, as the target of a migration that is under way or has ended, remembers of it. @param received when it was asked, in ms since 1970 */
export async function keptLogs(migration: string, received: number): Promise<Result<'logs'>> {
  const history = historyDirectory(migration, 'target');
  const underWay = (await stories()).find((each) => each.migration === migration && each.role === 'target');
  const known = readEnd(history) ?? underWay ?? null;
  const logs = known ? await readLogs(history, `${workspaceDirectory(migration, 'target')}/images`) : [];
  const told = logs.slice(-mostLogs).map(({ name, text, written }) => ({
    name,
    text: shortened(text, Math.floor(mostCharacters / Math.min(logs.length, mostLogs))),
    written: written.getTime(),
  }));
  const span = known && { since: known.since, until: 'until' in known ? known.until : null };
  return { received, answered: Date.now(), span, logs: told };
}

/** As much of a text as has room as JSON: its beginning, and more of its end. */
export function shortened(text: string, most: number): string {
  const length = JSON.stringify(text).length;
  if (length <= most) return text;
  // It may be that what is kept takes more than its share as JSON.
  for (let keep = Math.floor((text.length * most) / length); ; keep = Math.floor(keep / 2)) {
    const head = Math.floor(keep / 4);
    const cut = `${text.slice(0, head)}\n… ${text.length - keep} characters are left out here …\n${text.slice(text.length - (keep - head))}`;
    if (keep < 100 || JSON.stringify(cut).length <= most) return cut;
  }
}
