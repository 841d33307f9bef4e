import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { SyncRound } from '../../src/contracts/fs-driver.ts';
import { PhaulError } from '../../src/errors.ts';
import { killGroup, startOn } from '../common/process.ts';
import { complaints, failureOf, type Header, headerText, readAnswer, trailers } from './talk.ts';

// It waits to be told that the snapshot is there; without phaul nobody tells it any more. The answer is listened for from the beginning: the
// target may be the one that fails. dd counts what passes; phaul's own process never sees it.
const script = `
exec 6<&0
head -n 1 <&6 >&3 &
printf '%s' "$1"
shift
IFS= read -r trailer <&5 || kill -KILL 0
{ btrfs send "$@" || echo failed >&4; } | dd bs=1M status=progress 2>&4
printf '%s\\n' "$trailer"
wait`;

const longestAnswer = 16_384;
const longestCount = 4096;
/** How long the target has to say why, where sending fails first. */
const graceMs = 1000;

/** A sender that waits, and with it a receiver on the target. */
export interface Sender {
  /**
   * Sends, and waits for the answer. Once only.
   * @returns the length of the stream in bytes, and of all that went over the channel
   * @throws what the target answered; DISK_FULL, FS_SYNC, LINK_LOST, CANCELLED
   */
  readonly send: (round: Pick<SyncRound, 'final' | 'moved'>) => Promise<{ bytes: number; changed: number }>;
  /** It is not needed after all. */
  readonly end: () => void;
}

/** Gets both hosts ready to send `snapshot`, which need not exist yet, or what has changed in it since `previous`. */
export async function startSender(
  stream: Socket,
  header: Header,
  { snapshot, previous }: { readonly snapshot: string; readonly previous: string | null },
  signal: AbortSignal,
): Promise<Sender> {
  const what = [...(previous === null ? [] : ['-p', previous]), '--', snapshot];
  const args = ['-c', script, 'sh', headerText(header), ...what];
  const child = await startOn(
    stream,
    '/bin/sh',
    args,
    [stream, stream, 'pipe', 'pipe', 'pipe', 'pipe'],
    signal,
  ).finally(() => stream.destroy());
  const [, , stderr, answers, counts, go] = child.stdio as unknown as Socket[];
  const said = { stderr: '', answer: '', count: '' };
  stderr?.on('data', (chunk: Buffer) => (said.stderr = (said.stderr + chunk.toString()).slice(0, 65_536)));
  answers?.on('data', (chunk: Buffer) => {
    said.answer += chunk.toString();
    // It may still be sending to a target that listens no more.
    if (said.answer.length > longestAnswer || /"code".*\n/.test(said.answer)) killGroup(child, 'SIGKILL');
  });
  let grace: NodeJS.Timeout | undefined;
  counts?.on('data', (chunk: Buffer) => {
    // dd says how far it is every second; what counts comes last.
    said.count = (said.count + chunk.toString()).slice(-longestCount);
    if (said.count.includes('failed')) grace ??= setTimeout(() => killGroup(child, 'SIGKILL'), graceMs);
  });
  go?.on('error', () => undefined);
  const closed = once(child, 'close').then(() => clearTimeout(grace));
  return {
    send: async ({ final, moved }) => {
      let gone = 0;
      counts?.on('data', () => {
        const all = counted(said.count) || gone;
        moved?.(all - gone);
        gone = all;
      });
      const trailer = final ? trailers.last : trailers.more;
      go?.end(trailer);
      await closed;
      if (signal.aborted) throw new PhaulError('CANCELLED', 'btrfs send was stopped.');
      const changed = outcome(said);
      return { changed, bytes: headerText(header).length + changed + trailer.length + said.answer.length };
    },
    end: () => killGroup(child, 'SIGKILL'),
  };
}

/** @returns the length of the stream */
function outcome(said: { readonly stderr: string; readonly answer: string; readonly count: string }): number {
  const failed = said.count.includes('failed');
  // A broken pipe is the other host's doing: it has said why, or it is gone. The signal of it ends the program without a word.
  const ours = complaints(said.stderr).filter((line) => !/Broken pipe|reset by peer/.test(line));
  if (said.answer === '' && failed && ours.length > 0) throw failureOf(said.stderr, 'source');
  readAnswer(said.answer);
  const length = counted(said.count);
  if (failed || Number.isNaN(length)) throw failureOf(said.stderr, 'source');
  return length;
}

/** What dd counted last; NaN: nothing yet. */
function counted(count: string): number {
  return Number([...count.matchAll(/^(\d+) bytes? /gm)].at(-1)?.[1] ?? NaN);
}
