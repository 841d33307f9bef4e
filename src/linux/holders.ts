import { readdir, readFile, readlink } from 'node:fs/promises';

/** A process that has one of the things open that were asked for. */
export interface Holder {
  readonly pid: number;
  readonly name: string;
}

/**
 * Looks through all processes of this host for who else has these open (`pipe:[7]`, `socket:[8]`). One for each; it takes a while where there are many.
 * @param but these, and what they have begun meanwhile
 */
export async function holdersOf(
  links: ReadonlySet<string>,
  but: readonly number[],
): Promise<Map<string, Holder>> {
  const found = new Map<string, Holder>();
  if (links.size === 0) return found;
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  for (const pid of pids.filter((each) => !but.includes(each))) {
    const numbers = await readdir(`/proc/${pid}/fd`).catch(() => []);
    const held = await Promise.all(numbers.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
    const wanted = held.filter((link) => links.has(link) && !found.has(link));
    if (wanted.length === 0 || (await isBornOf(pid, but))) continue;
    const name = (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim();
    for (const link of wanted) found.set(link, { pid, name });
  }
  return found;
}

/** Whether a process comes from one of these, as those that a shell or a server begins all the time do; or has ended. */
async function isBornOf(pid: number, parents: readonly number[]): Promise<boolean> {
  for (let at = pid; at > 1;) {
    const status = await readFile(`/proc/${at}/status`, 'utf8').catch(() => null);
    if (status === null) return true;
    at = Number(/^PPid:\s*(\d+)/m.exec(status)?.[1] ?? 0);
    if (parents.includes(at)) return true;
  }
  return false;
}
