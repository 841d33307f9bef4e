import type { Refusal } from '../../errors.ts';
import { anonymousFiles } from './anonymous-files.ts';
import { foreignSessions, traced } from './bonds.ts';
import { deletedFiles } from './deleted-files.ts';
import { foreignNamespaces, nestedNamespaces, sharedIpc } from './namespaces.ts';
import { hostNetwork, type HostPort, hostPorts, hostSockets, namelessNetwork } from './networks.ts';
import { openDevices } from './open-devices.ts';
import { outsideEnds } from './outside-ends.ts';
import { outsideFiles } from './outside-files.ts';
import { scene } from './scene.ts';
import { unsupportedSockets } from './sockets.ts';

/**
 * What CRIU would stumble over in the middle of the freeze, or what would be lost without a word, as far as it shows from outside of the processes.
 * Changes nothing; the container runs on while it is looked at, so what comes later is not seen.
 */
export async function surprises(
  ...where: Parameters<typeof scene>
): Promise<{ refusals: Refusal[]; ports: HostPort[] }> {
  const found = await scene(...where);
  const { members } = found;
  const sockets = await hostSockets(found);
  const lists = await Promise.all([
    sharedIpc(found),
    traced(found),
    openDevices(found),
    deletedFiles(found),
    outsideEnds(found),
    namelessNetwork(found),
  ]);
  const refusals = few([
    ...nestedNamespaces(found),
    ...foreignNamespaces(found),
    ...foreignSessions(found),
    ...anonymousFiles(members),
    ...outsideFiles(found),
    ...unsupportedSockets(members),
    ...hostNetwork(sockets, found),
    ...lists.flat(),
  ]);
  return { refusals, ports: hostPorts(sockets) };
}

const most = 3;

/** A few of each code: a hundred workers with the same descriptor are one piece of news. */
export function few(refusals: readonly Refusal[]): Refusal[] {
  const codes = [...new Set(refusals.map(({ code }) => code))];
  return codes.flatMap((code) => {
    const alike = refusals.filter((refusal) => refusal.code === code);
    const shown = alike.slice(0, most);
    const left = alike.length - shown.length;
    if (left === 0) return shown;
    return shown.map((refusal, index) =>
      index < most - 1
        ? refusal
        : { ...refusal, message: `${refusal.message} (And ${left} more like that.)` },
    );
  });
}
