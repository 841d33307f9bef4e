import { appendFileSync, existsSync, fsyncSync, readFileSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { mkdir, open, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { fdatasync } from 'node:fs';
import { type HostRole, PhaulError } from '../errors.ts';
import { writeEnd } from '../history/end.ts';
import { type FileLock, lockFile } from '../linux/file-lock.ts';
import { step } from '../step.ts';
import { version } from '../version.ts';
import { type Head, type Line, readStory, type State, type Story, type When } from './story.ts';

const base = '/var/lib/phaul';

/** The directory of a migration, one file in it for each role that this host plays. */
export const journalDirectory = (migration: string): string => join(base, migration);
const journalFile = (migration: string, role: HostRole): string =>
  join(journalDirectory(migration), `${role}.jsonl`);
/** Where it is until it can be read. */
export const unfinishedJournal = (migration: string, role: HostRole): string =>
  `${journalFile(migration, role)}.new`;

/** What one host writes down of a migration, so that whoever comes after this process can finish or undo it. */
export interface Journal {
  readonly migration: string;
  readonly role: HostRole;
  /** Outlives this process when it returns; the death of the host only together with a later `record`. Takes microseconds. */
  readonly note: (line: Omit<Line, 'head' | 'will'>) => void;
  /** Everything so far, and this, is on disk when it resolves. */
  readonly record: (state: State, more?: Omit<Line, 'head' | 'state'>) => Promise<void>;
  /** As `note`, of a command that undoes a deed if this process is killed, or finishes it. Gives what withdraws it. */
  readonly will: (when: When, command: string, args: readonly string[], must?: boolean) => () => void;
  /** What it says now. */
  readonly story: () => Story;
  /** It is over, here and there: nothing is remembered but how it ended (src/history). Idempotent. */
  readonly remove: () => void;
  /** It is to be remembered; another process may go on with it. */
  readonly close: () => void;
}

const sync = promisify(fdatasync);

/** Begins one. @throws what the file system says, for instance ENOSPC */
export async function createJournal(
  about: Omit<Head, 'format' | 'phaul' | 'since' | 'boot'>,
): Promise<Journal> {
  const path = journalFile(about.migration, about.role);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const head: Head = { format: 1, phaul: version, since: new Date().toISOString(), boot: bootId(), ...about };
  const unfinished = unfinishedJournal(about.migration, about.role);
  const lock = lockFile(unfinished, true);
  if (!lock) throw new Error(`${path} is being written by somebody else`);
  appendFileSync(lock.fd, `${JSON.stringify({ head } satisfies Line)}\n`);
  fsyncSync(lock.fd);
  renameSync(unfinished, path);
  const directory = await open(dirname(path));
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
  return journal(lock, path, about);
}

/** Takes over the one of a process that has died; null: it lives, or there is none. */
export function takeOverJournal(migration: string, role: HostRole): Journal | null {
  const path = journalFile(migration, role);
  let lock: FileLock | null;
  try {
    lock = lockFile(path, false);
  } catch {
    return null;
  }
  if (!lock) return null;
  // Removed while we took it; or of another release, which alone knows what it means.
  const text = readIfThere(path);
  if (text !== null && readStory(text)) return journal(lock, path, { migration, role });
  lock.release();
  return null;
}

const lookEveryMs = 100;
// Who settles one undoes what was prepared, or asks the other host, which takes as long as ssh needs to give up (10 s).
const patienceMs = 15_000;

/** As takeOverJournal, from whoever is just settling it. Null: it is gone. @throws MIGRATION_RUNNING if it is held for longer than 15 s */
export async function awaitJournal(migration: string, role: HostRole): Promise<Journal | null> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const taken = takeOverJournal(migration, role);
    if (taken || !existsSync(journalFile(migration, role))) return taken;
    if (performance.now() > deadline)
      throw new PhaulError('MIGRATION_RUNNING', 'Another phaul is at work on that migration there.', {
        host: role,
      });
    await sleep(lookEveryMs);
  }
}

function journal(
  lock: FileLock,
  path: string,
  { migration, role }: Pick<Head, 'migration' | 'role'>,
): Journal {
  const text = readFileSync(path, 'utf8');
  let wills = readStory(text)?.wills.at(-1)?.number ?? 0;
  // By a full disk, or by the host's death: that must not take what comes next with it, nor count once a line follows.
  let cutOff = !text.endsWith('\n');
  const append = (line: Line): void => {
    const written = `${cutOff ? '(cut off)\n' : ''}${JSON.stringify(line)}\n`;
    cutOff = true;
    appendFileSync(lock.fd, written);
    cutOff = false;
  };
  return {
    migration,
    role,
    note: (line) => {
      if (line.state) step(`notes ${line.state}`);
      append(line);
    },
    record: async (state, more = {}) => {
      step(`records ${state}`);
      append({ ...more, state });
      await sync(lock.fd);
      step(`has recorded ${state}`);
    },
    will: (when, command, args, must = false) => {
      const number = ++wills;
      append({ will: { number, when, command: [command, ...args], ...(must && { must }) } });
      return () => append({ withdrawn: number });
    },
    story: () => {
      const story = readStory(readFileSync(path, 'utf8'));
      if (!story) throw new Error(`${path} says nothing`);
      return story;
    },
    remove: () => {
      rememberEnd(path);
      rmSync(path, { force: true });
      try {
        rmdirSync(dirname(path));
      } catch {
        // The other role's is there, or it was removed before.
      }
      lock.release();
    },
    close: lock.release,
  };
}

/** All that is left of a journal. */
function rememberEnd(path: string): void {
  const story = readStory(readIfThere(path) ?? '');
  if (!story) return;
  const { migration, role, htype, container, mode, peer, since, state, lost } = story;
  writeEnd({ migration, role, htype, container, mode, peer, since, moved: state === 'landed', lost });
}

/** What this host knows of all migrations that are not over. */
export async function stories(): Promise<Story[]> {
  const migrations = await readdir(base).catch(() => []);
  return migrations
    .flatMap((migration) => (['source', 'target'] as const).map((role) => journalFile(migration, role)))
    .flatMap((path) => readStory(readIfThere(path) ?? '') ?? []);
}

/** The kernel's id of this boot (random(4)). */
export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** A line for whoever keeps it, if anybody does, from a process that does not. */
export function appendToJournal(migration: string, role: HostRole, line: Pick<Line, 'filled'>): void {
  const path = journalFile(migration, role);
  if (readIfThere(path) !== null) appendFileSync(path, `${JSON.stringify(line)}\n`);
}

/** Whether the process that keeps it lives. */
export function isKept(migration: string, role: HostRole): boolean {
  const path = journalFile(migration, role);
  if (readIfThere(path) === null) return false;
  const lock = lockFile(path, false);
  lock?.release();
  return lock === null;
}
