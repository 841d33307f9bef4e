import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { PhaulError } from '../../src/errors.ts';
import { startOn } from '../common/process.ts';
import {
  answerText,
  failureOf,
  type Header,
  headerLength,
  isLast,
  parseHeader,
  trailerLength,
} from './talk.ts';

/** Takes the header off the stream. @throws PROTOCOL_ERROR */
export async function takeHeader(stream: Socket, signal: AbortSignal): Promise<Header> {
  return parseHeader(await takeBytes(stream, headerLength, signal));
}

/** Takes off what follows a stream that has been received: whether it was the last. @throws PROTOCOL_ERROR */
export async function takeTrailer(stream: Socket, signal: AbortSignal): Promise<boolean> {
  return isLast(await takeBytes(stream, trailerLength, signal));
}

/** Byte by byte: what follows is for others to read. */
async function takeBytes(stream: Socket, count: number, signal: AbortSignal): Promise<string> {
  const args = ['bs=1', `count=${count}`];
  return (await ending(await startOn(stream, 'dd', args, [stream, 'pipe', 'ignore'], signal))).stdout;
}

// A stream names the snapshot that it builds upon by its id, and files to copy from by paths. `btrfs receive` would take the ids of any
// subvolume on the file system, and resolve the paths from the top of the mount, chroot or not. So it gets a mount that shows nothing
// but the directory, which nobody else sees and which goes when it ends.
const script = 'mount --bind -- "$1" "$1" && exec btrfs receive -e -C "$1"';

/**
 * Receives one stream into `directory`, the root of a subvolume: what is in the stream cannot reach beyond it.
 * @throws DISK_FULL, FS_SYNC, CANCELLED
 */
export async function receive(stream: Socket, directory: string, signal: AbortSignal): Promise<void> {
  const args = ['--mount', 'sh', '-c', script, 'sh', directory];
  const child = await startOn(stream, 'unshare', args, [stream, 'ignore', 'pipe'], signal);
  const { code, stderr } = await ending(child);
  if (signal.aborted) throw new PhaulError('CANCELLED', 'btrfs receive was stopped.');
  if (code !== 0) throw failureOf(stderr, 'target');
}

// Then the rest of what the source sends is taken for a moment: closing at once would make its next write fail before it has read.
const say = 'printf "%s\\n" "$1"; [ "$2" = ok ] || exec timeout 1 cat >/dev/null';

/** Tells the source how it went. */
export async function answer(stream: Socket, failure: PhaulError | null, signal: AbortSignal): Promise<void> {
  const args = ['-c', say, 'sh', answerText(failure), failure ? 'failed' : 'ok'];
  await ending(await startOn(stream, '/bin/sh', args, [stream, stream, 'ignore'], signal));
}

async function ending(child: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.on(
      'data',
      (chunk: Buffer) => (said[name] = (said[name] + chunk.toString()).slice(0, 65_536)),
    );
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...said };
}
