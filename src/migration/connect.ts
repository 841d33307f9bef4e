import type { Destination } from '../transport/destination.ts';
import { connectSsh } from '../transport/ssh.ts';
import type { Transport } from '../transport/transport.ts';
import { type Link, openLink } from './link.ts';
import type { Migration } from './migration.ts';

/**
 * Connects with the target, whose phaul starts. Not awaited, so that both hosts get ready at the same time.
 * @param directory of this migration
 */
export function connectTarget(
  m: Migration,
  destination: Destination,
  directory: string,
): { connection: Transport; linking: Promise<Link> } {
  const connection = connectSsh(destination, {
    migration: m.id,
    directory,
    acceptNewHostKey: m.options.acceptNewHostKey,
  });
  const linking = openLink({
    transport: connection,
    id: m.id,
    signal: m.signal,
    say: (level, text) => m.say(level, text, 'target'),
    onFilling: (progress) => m.emit({ type: 'filling', ...progress }, 'target'),
    // A copy of files that nobody takes would wait for ever.
    onDeath: m.abort,
  });
  linking.catch(() => undefined);
  m.undo.push('the connection', async () => {
    await m.targetUndone;
    connection.close();
  });
  return { connection, linking };
}
