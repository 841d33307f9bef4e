import { closeSync } from 'node:fs';
import { asPhaulError, PhaulError } from '../../src/errors.ts';
import { giveDescriptor } from '../../src/linux/descriptor-client.ts';
import { type NewTerminal, openTerminal, ownTerminals, type Terminal } from '../common/terminals.ts';

/**
 * A new terminal in the place of the container's, whose other end conmon gets as it would get it from the runtime.
 * @param socket where conmon waits for it
 * @throws DRIVER_FAILED if there is none to be had, or conmon waits no more
 */
export async function makeTerminal(wanted: Terminal, socket: string): Promise<NewTerminal> {
  const { master, path } = openTerminal();
  try {
    const made = { ...wanted, path };
    await ownTerminals([made]);
    give(master, socket);
    return made;
  } finally {
    closeSync(master);
  }
}

function give(master: number, socket: string): void {
  try {
    giveDescriptor(socket, master);
  } catch (cause) {
    const message = `conmon on the target does not take the container's terminal: ${asPhaulError(cause).message}.`;
    throw new PhaulError('DRIVER_FAILED', message, { cause });
  }
}
