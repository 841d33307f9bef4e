import { closeSync } from 'node:fs';
import { giveDescriptor } from '../../src/linux/descriptor-client.ts';
import { openPseudoTerminal } from '../../src/linux/pseudo-terminal.ts';
import { type NewTerminal, ownTerminals, type Terminal } from '../common/terminals.ts';

/**
 * A new terminal in the place of the container's, whose other end conmon gets as it would get it from the runtime.
 * @param socket where conmon waits for it
 */
export async function makeTerminal(wanted: Terminal, socket: string): Promise<NewTerminal> {
  const { master, path } = openPseudoTerminal();
  try {
    const made = { ...wanted, path };
    await ownTerminals([made]);
    giveDescriptor(socket, master);
    return made;
  } finally {
    closeSync(master);
  }
}
