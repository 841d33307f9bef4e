import type { Refusal } from '../../errors.ts';
import { few } from '../../few.ts';
import { anonymousFiles } from './anonymous-files.ts';
import { foreignSessions, traced } from './bonds.ts';
import { deletedFiles } from './deleted-files.ts';
import { filesInMemory } from './files-in-memory.ts';
import { innerSystemd } from './inner-systemd.ts';
import { lostWatches } from './lost-watches.ts';
import { foreignNamespaces, nestedNamespaces, sharedIpc } from './namespaces.ts';
import { hostNetwork, type HostPort, hostPorts, hostSockets, namelessNetwork } from './networks.ts';
import { ownTerminals } from './new-terminals.ts';
import { renamedSockets } from './renamed-sockets.ts';
import { neededFiles, type NeededFile } from './needed-files.ts';
import { openDevices } from './open-devices.ts';
import { hugeFiles } from './huge-files.ts';
import { outsideEnds } from './outside-ends.ts';
import { outsideFiles } from './outside-files.ts';
import { pressureWatches } from './pressure.ts';
import { sandboxes } from './sandboxes.ts';
import { scene } from './scene.ts';
import { sharedCode } from './shared-code.ts';
import { unsupportedSockets } from './sockets.ts';
import { unreadableLimits } from './unreadable-limits.ts';

/** What was found. */
export interface Found {
  readonly refusals: readonly Refusal[];
  /** What must be free on the target … */
  readonly ports: readonly HostPort[];
  /** … and what must be there. */
  readonly files: readonly NeededFile[];
  /** What will take long or needs a hand afterwards, as sentences. */
  readonly warnings: readonly string[];
}

/**
 * What CRIU would stumble over in the middle of the freeze, or what would be lost without a word, as far as it shows from outside of the processes.
 * Changes nothing; the container runs on while it is looked at, so what comes later is not seen.
 */
export async function surprises(...where: Parameters<typeof scene>): Promise<Found> {
  const found = await scene(...where);
  const { members } = found;
  const sockets = await hostSockets(found);
  const lists = await Promise.all([
    sharedIpc(found),
    traced(found),
    openDevices(found),
    deletedFiles(found),
    hugeFiles(found),
    lostWatches(found),
    outsideEnds(found),
    namelessNetwork(found),
    renamedSockets(found),
    sharedCode(members),
    unreadableLimits(found),
  ]);
  const refusals = few([
    ...nestedNamespaces(found),
    ...foreignNamespaces(found),
    ...sandboxes(found),
    ...foreignSessions(found),
    ...anonymousFiles(members),
    ...pressureWatches(members),
    ...outsideFiles(found),
    ...ownTerminals(found),
    ...unsupportedSockets(members),
    ...hostNetwork(sockets, found),
    ...lists.flat(),
  ]);
  const files = await neededFiles(found, where[1].description?.trees ?? []);
  const warnings = [await filesInMemory(found), innerSystemd(found)].filter((each) => each !== null);
  return { refusals, ports: hostPorts(sockets), files, warnings };
}
