import { closeSync } from 'node:fs';
import { chmod, chown, stat } from 'node:fs/promises';
import { readMounts } from '../../src/linux/mounts.ts';
import { openPseudoTerminal } from '../../src/linux/pseudo-terminal.ts';
import type { LxcMeta } from './meta.ts';
import { isTerminal } from './mounts.ts';

type Terminal = LxcMeta['terminals'][number];

/** The terminals of a container, `/dev/console` and `/dev/tty1` for instance, whose other ends LXC's monitor has. */
export async function terminalsOf(pid: number): Promise<Terminal[]> {
  const found = new Map<string, Terminal>();
  for (const { path } of (await readMounts(pid)).filter(isTerminal)) {
    const { dev, rdev, uid, gid, mode } = await stat(`/proc/${pid}/root${path}`);
    // As CRIU calls it (criu/tty.c, get_tty_driver).
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

const isConsole = ({ places }: Terminal): boolean => places.includes('/dev/console');

/**
 * LXC makes a terminal for the console when it restores, but none for `/dev/tty1` and so on. These are made here, and their other ends (`descriptors`) are for the
 * monitor, which knows nothing of them but closes them when the container has ended.
 */
export function makeTerminals(wanted: readonly Terminal[]): {
  readonly descriptors: readonly number[];
  /** This process's copies of them. */
  readonly close: () => void;
  /** All of them for which there is one. @param console the path of LXC's */
  readonly with: (console: string | undefined) => NewTerminal[];
} {
  const made = new Map<Terminal, { master: number; path: string }>();
  const close = (): void => {
    for (const { master } of made.values()) closeSync(master);
  };
  try {
    for (const terminal of wanted) if (!isConsole(terminal)) made.set(terminal, openPseudoTerminal());
  } catch (error) {
    close();
    throw error;
  }
  return {
    descriptors: [...made.values()].map(({ master }) => master),
    close,
    with: (console) =>
      wanted.flatMap((terminal) => {
        const path = made.get(terminal)?.path ?? console;
        return path === undefined ? [] : [{ ...terminal, path }];
      }),
  };
}

/** As they were on the source: a login gives its terminal to the user. */
export async function ownTerminals(terminals: readonly NewTerminal[]): Promise<void> {
  for (const { path, uid, gid, mode } of terminals) {
    await chown(path, uid, gid);
    await chmod(path, mode);
  }
}
