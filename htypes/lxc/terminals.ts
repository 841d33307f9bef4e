import { closeSync } from 'node:fs';
import { type NewTerminal, openTerminal, type Terminal } from '../common/terminals.ts';

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
    for (const terminal of wanted) if (!isConsole(terminal)) made.set(terminal, openTerminal());
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
