import type { Result } from '../rpc/methods.ts';
import { parseDestination } from '../transport/destination.ts';
import { connectSsh } from '../transport/ssh.ts';
import { clockSkew, type Skew } from './clock-skew.ts';
import { newMigrationId, openLink } from './link.ts';

/** What the target remembers, and by how much its clock is ahead of this host's now. */
export interface TargetLogs extends Pick<Result<'logs'>, 'span' | 'logs'> {
  readonly host: string;
  readonly clock: Skew;
}

/** Asks the target of a migration for what was said there. @param destination as the user once wrote it @throws as openLink, or LINK_LOST */
export async function targetLogs(migration: string, destination: string): Promise<TargetLogs> {
  const id = newMigrationId();
  const transport = connectSsh(parseDestination(destination), {
    migration: id,
    directory: null,
    acceptNewHostKey: false,
  });
  const link = await openLink({
    transport,
    id,
    signal: new AbortController().signal,
    say: () => undefined,
    onFilling: () => undefined,
    onDeath: () => undefined,
  });
  try {
    const sent = Date.now();
    const { received, answered, span, logs } = await link.insist('logs', { migration });
    const clock = clockSkew({ sent, received, answered, heard: Date.now() });
    return { host: link.host, clock, span, logs };
  } finally {
    link.close();
  }
}
