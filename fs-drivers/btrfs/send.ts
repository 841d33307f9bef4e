import { once } from 'node:events';
import type { Socket } from 'node:net';
import { PhaulError } from '../../src/errors.ts';
import { killGroup, startOn } from '../rsync/process.ts';
import { failureOf, type Header, headerText, readAnswer } from './talk.ts';

// The answer is listened for from the beginning: the target may be the one that fails. dd counts what passes; phaul's own process
// never sees it.
const script = `
exec 5<&0
head -n 1 <&5 >&3 &
printf '%s' "$1"
shift
{ btrfs send "$@" || echo failed >&4; } | dd bs=1M 2>&4
wait`;

const longestAnswer = 16_384;
/** How long the target has to say why, where sending fails first. */
const graceMs = 1000;

/**
 * Sends `snapshot`, or what has changed in it since `previous`, and waits for the answer.
 * @returns the length of the stream in bytes, and of all that went over the channel
 * @throws what the target answered; DISK_FULL, FS_SYNC, LINK_LOST, CANCELLED
 */
export async function send(
  stream: Socket,
  header: Header,
  { snapshot, previous }: { readonly snapshot: string; readonly previous: string | null },
  signal: AbortSignal,
): Promise<{ bytes: number; changed: number }> {
  const what = [...(previous === null ? [] : ['-p', previous]), '--', snapshot];
  const args = ['-c', script, 'sh', headerText(header), ...what];
  const child = await startOn(
    stream,
    '/bin/sh',
    args,
    [stream, stream, 'pipe', 'pipe', 'pipe'],
    signal,
  ).finally(() => stream.destroy());
  const [, , stderr, answers, counts] = child.stdio as unknown as Socket[];
  const said = { stderr: '', answer: '', count: '' };
  stderr?.on('data', (chunk: Buffer) => (said.stderr = (said.stderr + chunk.toString()).slice(0, 65_536)));
  answers?.on('data', (chunk: Buffer) => {
    said.answer += chunk.toString();
    // It may still be sending to a target that listens no more.
    if (said.answer.length > longestAnswer || /"code".*\n/.test(said.answer)) killGroup(child, 'SIGKILL');
  });
  let grace: NodeJS.Timeout | undefined;
  counts?.on('data', (chunk: Buffer) => {
    said.count += chunk.toString();
    if (said.count.includes('failed')) grace ??= setTimeout(() => killGroup(child, 'SIGKILL'), graceMs);
  });
  await once(child, 'close');
  clearTimeout(grace);
  if (signal.aborted) throw new PhaulError('CANCELLED', 'btrfs send was stopped.');
  // A broken pipe is the other host's doing: it has said why, or it is gone.
  if (said.answer === '' && said.count.includes('failed') && !/Broken pipe|reset by peer/.test(said.stderr))
    throw failureOf(said.stderr, 'source');
  readAnswer(said.answer);
  const changed = Number(/^(\d+) bytes? /m.exec(said.count)?.[1] ?? NaN);
  if (said.count.includes('failed') || Number.isNaN(changed)) throw failureOf(said.stderr, 'source');
  return { changed, bytes: headerText(header).length + changed + said.answer.length };
}
