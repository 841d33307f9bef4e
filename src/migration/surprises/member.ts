import { readdir, readFile, readlink } from 'node:fs/promises';
import { deviceNumbers, type Descriptor, descriptorsOf } from '../../linux/descriptors.ts';

/** One process of the container, with what is looked at for surprises. */
export interface Member {
  /** As this host counts. */
  readonly pid: number;
  /** Its comm: at most 15 characters. */
  readonly name: string;
  readonly descriptors: readonly Descriptor[];
  /** /proc/PID/status */
  readonly status: string;
  /** The session's leader, as this host counts; 0: it is not of this host's pid namespace. */
  readonly session: number;
  /** Major and minor of its controlling terminal; 0, 0: it has none. */
  readonly terminal: readonly [number, number];
  /** By kind (`net`, `pid`, …) what tells namespaces apart. */
  readonly namespaces: Readonly<Record<string, string>>;
}

/** What there is to know of these processes. Those that have ended meanwhile are left out. */
export async function readMembers(pids: readonly number[]): Promise<Member[]> {
  const members = await Promise.all(pids.map((pid) => readMember(pid).catch(() => null)));
  return members.filter((member) => member !== null);
}

async function readMember(pid: number): Promise<Member> {
  const read = (name: string): Promise<string> => readFile(`/proc/${pid}/${name}`, 'utf8');
  const [name, status, stat, descriptors, namespaces] = await Promise.all([
    read('comm'),
    read('status'),
    read('stat'),
    descriptorsOf(pid),
    namespacesOf(pid),
  ]);
  // After the name in brackets, which may hold anything: state, parent, group, session, terminal (proc_pid_stat(5)).
  const [, , , session = 0, terminal = 0] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  return {
    pid,
    name: name.trim(),
    descriptors,
    status,
    session,
    terminal: deviceNumbers(terminal),
    namespaces,
  };
}

/** The namespaces of a process, or of this one. */
export async function namespacesOf(pid: number | 'self'): Promise<Record<string, string>> {
  const kinds = await readdir(`/proc/${pid}/ns`);
  const links = await Promise.all(kinds.map((kind) => readlink(`/proc/${pid}/ns/${kind}`)));
  return Object.fromEntries(kinds.map((kind, index) => [kind, links[index] ?? '']));
}

/** The words of one line of /proc/PID/status. */
export function statusField(status: string, name: string): string[] {
  return (new RegExp(`^${name}:(.*)$`, 'm').exec(status)?.[1] ?? '').split(/\s+/).filter(Boolean);
}

/** Who it is, for a sentence. */
export function who({ name, pid }: Pick<Member, 'name' | 'pid'>): string {
  return `${name} (pid ${pid})`;
}
