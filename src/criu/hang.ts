import { readFile } from 'node:fs/promises';
import { processTree } from '../linux/processes.ts';
import { type Clock, realClock } from '../observe/clock.ts';

/** A CRIU that takes processes apart. */
export interface AtWork {
  readonly criu: number;
  /** The root of what it takes apart. In the tasks that it holds runs code of its own, for which it waits (compel, the parasite). */
  readonly root: number;
  /** It may be waiting for this process. */
  readonly excused: () => boolean;
  /** For how many seconds it may do nothing. */
  readonly patience: () => number;
}

// Counted in looks, not by the clock: this process may have been stopped itself (Ctrl-Z).
const lookEveryMs = 1000;

/**
 * Watches whether it does anything: whether CRIU, what it has started or a task that it holds has been on a processor since the look before. There is no limit on
 * how long that may go on. One that does nothing may have been stopped: so first it is told to continue.
 * @param onHang called once, if that does not help
 * @returns what ends the watch; it ends with CRIU, too
 */
export function watchForHang(
  { criu, root, excused, patience }: AtWork,
  onHang: () => void,
  clock: Clock = realClock,
): () => void {
  let before = '';
  let idle = 0;
  let continued = false;
  let busy = false;
  let over = false;
  const look = async (): Promise<void> => {
    const signs = await signsOfLife(criu, root);
    if (over) return;
    if (signs === '') return stop();
    const still = signs === before && !excused();
    before = signs;
    idle = still ? idle + 1 : 0;
    continued &&= still;
    if (idle < patience()) return;
    if (continued) {
      stop();
      return onHang();
    }
    continued = true;
    process.kill(criu, 'SIGCONT');
  };
  const end = clock.every(lookEveryMs, () => {
    if (busy) return;
    busy = true;
    look()
      .catch(() => undefined)
      .finally(() => (busy = false));
  });
  const stop = (): void => {
    over = true;
    end();
  };
  return stop;
}

/** The same twice if none of them has run in between. Empty: CRIU has ended. */
async function signsOfLife(criu: number, root: number): Promise<string> {
  const own = await Promise.all((await processTree(criu)).map(signOf));
  if (own.every((sign) => sign === null)) return '';
  const tasks = await Promise.all((await processTree(root)).map(signOf));
  const held = tasks.filter((task) => task?.tracer === criu);
  return [...own, ...held].map((sign) => sign?.text).join('\n');
}

let looks = 0;

/** proc(5): whoever is not running now has been switched away from since it ran. */
async function signOf(pid: number): Promise<{ text: string; tracer: number } | null> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const field = (name: string): string => new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(status)?.[1] ?? '';
  const state = field('State');
  if (state === '' || state === 'Z') return null;
  const switches = `${field('voluntary_ctxt_switches')} ${field('nonvoluntary_ctxt_switches')}`;
  return { text: `${pid} ${state === 'R' ? ++looks : switches}`, tracer: Number(field('TracerPid')) };
}
