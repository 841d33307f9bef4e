import { makeCgroups } from '../cgroups.ts';
import { inCgroups, start } from '../command.ts';

/**
 * Runs a program of this machine for a lab, in the lab's cgroups: if whoever waits for it is killed, it does not go on
 * writing what the next set-up clears away.
 * @throws if it fails, with what it printed
 */
export async function runFor(lab: string, ...argv: readonly string[]): Promise<void> {
  await start(inCgroups(makeCgroups(lab, 'making'), argv), argv.join(' ')).result;
}
