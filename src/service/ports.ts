import type { Refusal } from '../errors.ts';
import { type Port, portHolders } from '../linux/port-holders.ts';

/** Ports at which the container waits in the host's own network, and that somebody else has on this host already. Changes nothing. */
export async function portsTaken(wanted: readonly Port[]): Promise<Refusal[]> {
  return (await portHolders(wanted)).map(({ port: { port, protocol }, who }) => ({
    code: 'PORT_TAKEN',
    message: `The container waits at port ${port} (${protocol}) of the host's own network, which ${who} has on the target.`,
    hint: 'Stop that, or give the container a network namespace of its own.',
    host: 'target',
  }));
}
