import { readdir, readFile } from 'node:fs/promises';

/**
 * Whether a task that CRIU restores has not come to its own code yet: it waits in the restorer, a piece of code of CRIU's that lies in memory of no name
 * (criu/pie/restorer.c). It stays there for ever if CRIU dies before it has let its tasks go on, all of them at once (CR_STATE_COMPLETE).
 */
export async function waitsInRestorer(pid: number): Promise<boolean> {
  const tasks = await readdir(`/proc/${pid}/task`).catch(() => []);
  const maps = await readFile(`/proc/${pid}/maps`, 'utf8').catch(() => '');
  const unnamed = [...maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) ..xp \S+ \S+ 0 *$/gm)].map(
    ([, from, to]) => [BigInt(`0x${from}`), BigInt(`0x${to}`)] as const,
  );
  for (const task of tasks) {
    // proc(5): the last field is where it is; `running` if it is not in the kernel.
    const where = await readFile(`/proc/${pid}/task/${task}/syscall`, 'utf8').catch(() => '');
    const counter = where.trim().split(' ').at(-1) ?? '';
    const at = counter.startsWith('0x') ? BigInt(counter) : null;
    if (at !== null && unnamed.some(([from, to]) => from <= at && at < to)) return true;
  }
  return false;
}
