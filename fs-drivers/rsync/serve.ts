import { type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { startOn } from '../common/process.ts';

/** Starts a daemon for one stream. */
export async function startDaemon(
  stream: Socket,
  config: string,
  signal: AbortSignal,
): Promise<{ daemon: ChildProcess; ended: Promise<{ code: number | null; stderr: string }> }> {
  // This mode, made for remote shells, takes any stream; the inetd mode asks the socket for the peer's address.
  const args = ['--server', '--daemon', `--config=${config}`, '.'];
  // SIGTERM lets it remove its temporary files.
  const daemon = await startOn(stream, 'rsync', args, [stream, stream, 'pipe'], signal, 'SIGTERM');
  let stderr = '';
  daemon.stderr?.on('data', (chunk: Buffer) => (stderr = (stderr + chunk.toString()).slice(0, 4096)));
  const ended = once(daemon, 'close').then(([code]) => ({ code: code as number | null, stderr }));
  return { daemon, ended };
}

// Then the rest of what the client sends is taken for a moment: closing at once would make its next write fail before it has read.
const say = 'cat <&3; exec timeout 1 cat >/dev/null';

/**
 * A daemon that dies of a full disk does not tell the client (seen with 3.5): it goes, and the client reports a lost connection. So the
 * daemon's last words are sent in its place, framed as rsync's protocol frames an error message (io.c, send_msg).
 */
export async function explain(stream: Socket, words: string, signal: AbortSignal): Promise<void> {
  const text = Buffer.from(words);
  const header = Buffer.alloc(4);
  const [base, error] = [7, 3];
  header.writeUInt32LE((base + error) * 2 ** 24 + text.length);
  const child = await startOn(stream, '/bin/sh', ['-c', say], [stream, stream, 'ignore', 'pipe'], signal);
  const input = child.stdio[3] as Socket;
  input.on('error', () => undefined);
  input.end(Buffer.concat([header, text]));
  await once(child, 'close');
}
