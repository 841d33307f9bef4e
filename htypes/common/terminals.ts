import { chmod, chown, stat } from 'node:fs/promises';
import * as z from 'zod';
import type { CommonSettings, RestoreSettings } from '../../src/contracts/criu-settings.ts';
import { isPlainPath } from '../../src/contracts/paths.ts';
import { asPhaulError, PhaulError } from '../../src/errors.ts';
import { type Mount, readMounts } from '../../src/linux/mounts.ts';
import { openPseudoTerminal } from '../../src/linux/pseudo-terminal.ts';

/** A terminal mounted into a container, `/dev/console` for instance, whose other end a program outside has. Crosses the wire. */
export const terminal = z.object({
  /** As CRIU calls it (criu/tty.c, get_tty_driver). */
  key: z.string().regex(/^tty\[[0-9a-f]+:[0-9a-f]+\]$/),
  /** Where the container has it. */
  places: z.array(z.string().refine(isPlainPath)),
  uid: z.int().min(0),
  gid: z.int().min(0),
  mode: z.int().min(0).max(0o7777),
});
export type Terminal = z.infer<typeof terminal>;

/** One terminal, and not all that there are. */
export const isTerminal = ({ type, root }: Mount): boolean => type === 'devpts' && /^\/\d+$/.test(root);

/** Those of a running container; none if it has ended. */
export async function terminalsOf(pid: number): Promise<Terminal[]> {
  const found = new Map<string, Terminal>();
  for (const { path } of (await readMounts(pid).catch(() => [])).filter(isTerminal)) {
    const seen = await stat(`/proc/${pid}/root${path}`).catch(() => null);
    if (!seen) continue;
    const { dev, rdev, uid, gid, mode } = seen;
    const key = `tty[${rdev.toString(16)}:${dev.toString(16)}]`;
    found.set(key, { key, places: [...(found.get(key)?.places ?? []), path], uid, gid, mode: mode & 0o7777 });
  }
  return [...found.values()];
}

/** A terminal that takes the place of one on the source. */
export interface NewTerminal extends Terminal {
  /** On this host. */
  readonly path: string;
}

/** Both ends of one: the descriptor of the outer, to be closed by the caller, and the path of the inner. @throws DRIVER_FAILED: a host has only so many */
export function openTerminal(): ReturnType<typeof openPseudoTerminal> {
  try {
    return openPseudoTerminal();
  } catch (cause) {
    const message = `The target makes no terminal for the container: ${asPhaulError(cause).message}.`;
    const hint =
      'See there how many there are (ls /dev/pts) and how many there may be: sysctl kernel.pty, and max among the options of that mount.';
    throw new PhaulError('DRIVER_FAILED', message, { hint, cause });
  }
}

/** As they were on the source: a login gives its terminal to the user. */
export async function ownTerminals(terminals: readonly NewTerminal[]): Promise<void> {
  for (const { path, uid, gid, mode } of terminals) {
    await chown(path, uid, gid);
    await chmod(path, mode);
  }
}

/** What CRIU is told at the dump … */
export const terminalsLeft = (
  terminals: readonly Terminal[],
): Required<Pick<CommonSettings, 'externalMounts' | 'external'>> => ({
  externalMounts: terminals.flatMap(({ places }) => places.map((at) => ({ key: at, value: at }))),
  external: terminals.map(({ key }) => key),
});

/** … and at the restore. */
export const terminalsTaken = (
  terminals: readonly NewTerminal[],
): Required<Pick<RestoreSettings, 'externalMounts' | 'inherit'>> => ({
  externalMounts: terminals.flatMap(({ places, path }) => places.map((at) => ({ key: at, value: path }))),
  inherit: terminals.map(({ key, path }) => ({ key, path, opened: 'both' })),
});
