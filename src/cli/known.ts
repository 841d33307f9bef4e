import type { PositionalOptions } from 'yargs';
import { historyDirectory } from '../history/places.ts';
import { pasts } from '../history/past.ts';
import { type HostRole, PhaulError } from '../errors.ts';
import { stories } from '../journal/journal.ts';

/** The argument of commands that look at one. */
export const idArgument = {
  type: 'string',
  demandOption: true,
  describe: "A migration's id, or the name of the container: its last migration",
} as const satisfies PositionalOptions;

/** A migration under way, or one that has ended, as one host role of this host knows it. */
export interface Known {
  readonly migration: string;
  readonly role: HostRole;
  readonly container: string;
  readonly peer: string;
  readonly since: string;
  /** Null: it has not ended. */
  readonly until: string | null;
  /** What is remembered of it. */
  readonly history: string;
}

/**
 * The migration of that id, or the last one of that container: once for each role that this host plays in it.
 * @throws MIGRATION_UNKNOWN
 */
export async function known(id: string): Promise<[Known, ...Known[]]> {
  const all = await everything();
  const newest = all
    .filter(({ container }) => container === id)
    .sort((one, other) => other.since.localeCompare(one.since))[0];
  const wanted = all.some(({ migration }) => migration === id) ? id : newest?.migration;
  const [first, ...others] = all.filter(({ migration }) => migration === wanted);
  if (!first)
    throw new PhaulError(
      'MIGRATION_UNKNOWN',
      `This host remembers no migration of that id or container: ${id}.`,
    );
  return [first, ...others];
}

async function everything(): Promise<Known[]> {
  const underWay = (await stories()).map((story) => ({ ...story, until: null }));
  const ended = (await pasts()).map(({ end }) => end);
  return [...underWay, ...ended].map(({ migration, role, container, peer, since, until }) => {
    const history = historyDirectory(migration, role);
    return { migration, role, container, peer, since, until, history };
  });
}
