import { readFileSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { processTree } from './processes.ts';

/** A program and its arguments, so that it can be written down. */
export interface Command {
  readonly command: string;
  readonly args: readonly string[];
}

/**
 * Holds the processes of a container by the kernel's freezer: none of them runs an instruction, whoever dies, until they are let go. Those that CRIU has
 * stopped are held once it lets go of them.
 */
export interface Freezer {
  /** None of them may be running: they stand still already, and are held from now on. @param root of the process tree */
  readonly close: (root: number) => Promise<void>;
  /** Lets them go on, from the cgroups where they were. Idempotent. */
  readonly open: Command;
  /** Kills them all. Idempotent. */
  readonly kill: Command;
}

interface Hierarchy {
  readonly root: string;
  /** The file of a cgroup that holds and lets go, and the two words for it (cgroup-v2.rst; cgroup-v1/freezer-subsystem.rst). */
  readonly file: string;
  readonly hold: string;
  readonly letGo: string;
  /** How /proc/PID/cgroup names a cgroup of it (cgroups(7)). */
  readonly line: RegExp;
}

const version2 = { file: 'cgroup.freeze', hold: '1', letGo: '0', line: /^0::(.*)$/m } as const;
const version1 = {
  file: 'freezer.state',
  hold: 'FROZEN',
  letGo: 'THAWED',
  line: /^\d+:freezer:(.*)$/m,
} as const;

// $1: the cgroup, $2: its file, $3: the word that lets go, $4: where processes that were moved here come from, if they were.
const opening = `
[ -d "$1" ] || exit 0
# Whoever comes home goes on: what it forks then is there, too.
[ ! -e "$4" ] || while read -r pid home; do echo "$pid" >"$home/cgroup.procs"; done <"$4" 2>/dev/null
echo "$3" >"$1/$2"
[ -e "$4" ] || exit 0
# Who is about to end is in there until it has.
n=0
until rmdir "$1" 2>/dev/null; do
  n=$((n + 1)); [ $n -lt 500 ] || exec rmdir "$1"
  sleep 0.01
done`;

// With version 1 what is held dies only when it is let go. The signal is first: it does nothing else then.
const killing = `
[ -d "$1" ] || exit 0
for try in 1 2 3 4 5 6 7 8 9 10; do
  pids=$(find "$1" -name cgroup.procs -exec cat {} +)
  [ -n "$pids" ] || break
  kill -KILL $pids 2>/dev/null
  echo "$3" >"$1/$2"
  sleep 0.01
done
echo "$3" >"$1/$2"
# Who is being traced, or not waited for, may be in there for a while.
[ ! -e "$4" ] || rmdir "$1" 2>/dev/null || true`;

/**
 * @param own the cgroup that holds the container's processes and nobody else, if there is one; else they are moved to a new one
 * @param name of that new one
 * @param homes the file that will tell where they were before
 * @returns null if this host has no freezer
 */
export function freezer(own: string | null, name: string, homes: string): Freezer | null {
  const found = hierarchy(own);
  if (!found) return null;
  const { root, file, hold, letGo, line } = found;
  const directory = own ?? join(root, name);
  const script = (text: string): Command => ({
    command: 'sh',
    args: ['-c', text, 'sh', directory, file, letGo, own === null ? homes : ''],
  });
  const homeOf = async (pid: number): Promise<string> =>
    join(root, line.exec(await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => ''))?.[1] ?? '');
  const moveTo = async (root: number): Promise<void> => {
    const pids = await processTree(root);
    const lines = await Promise.all(pids.map(async (pid) => `${pid} ${await homeOf(pid)}\n`));
    await writeFile(homes, lines.join(''));
    await mkdir(directory, { recursive: true });
    for (const pid of pids) await writeFile(join(directory, 'cgroup.procs'), String(pid)).catch(unlessDead);
  };
  return {
    close: async (pid) => {
      if (own === null) await moveTo(pid);
      // At once, where nothing else is to be done first: a CRIU that is killed before lets them run with their connections in its hands.
      writeFileSync(join(directory, file), hold);
    },
    open: script(opening),
    kill: script(killing),
  };
}

/** A zombie cannot be moved, and need not. */
function unlessDead(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ESRCH') throw error;
}

/** Version 2 where there is one, also beside version 1: there the dead need not be let go of. */
function hierarchy(own: string | null): Hierarchy | null {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  const mountedAt = (is: (type: string, options: string) => boolean): string[] =>
    mounts.flatMap((mount) => {
      const [, at = '', type = '', options = ''] = mount.split(' ');
      return is(type, options) ? [at] : [];
    });
  const found: Hierarchy[] = [
    ...mountedAt((type) => type === 'cgroup2').map((root) => ({ root, ...version2 })),
    ...mountedAt((type, options) => type === 'cgroup' && options.split(',').includes('freezer')).map(
      (root) => ({ root, ...version1 }),
    ),
  ];
  // In a hierarchy inside of another's mount point the longer one is meant.
  const [suiting] = found
    .filter(({ root }) => own?.startsWith(`${root}/`) ?? true)
    .sort((one, other) => (own === null ? 0 : other.root.length - one.root.length));
  return suiting ?? null;
}
