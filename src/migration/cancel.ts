import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import type { ResultEvent } from '../observe/events.ts';
import { workspaceDirectory } from '../workspace.ts';
import { cancelSocket, type Obeyed } from './cancel-door.ts';

/** What came of it; `nobody`: no living phaul is at work on it here, or it has died meanwhile. */
export type Cancelled = 'nobody' | 'too late' | ResultEvent;

/** Tells the phaul that is at work on a migration, on its source, to stop, and waits for the end of that. @param onObeyed it does */
export async function cancel(migration: string, onObeyed: () => void): Promise<Cancelled> {
  const socket = connect(cancelSocket(workspaceDirectory(migration, 'source')));
  try {
    await once(socket, 'connect');
    const lines = createInterface(socket)[Symbol.asyncIterator]();
    const first = await lines.next();
    if (first.done) return 'nobody';
    if (!(JSON.parse(first.value) as Obeyed).obeyed) return 'too late';
    onObeyed();
    const last = await lines.next();
    return last.done ? 'nobody' : (JSON.parse(last.value) as ResultEvent);
  } catch {
    return 'nobody';
  } finally {
    socket.destroy();
  }
}
