import type { Readable, Writable } from 'node:stream';
import { PhaulError } from '../errors.ts';

/** The service's first line. What comes before it is the remote shell's talk and is skipped (rsync fails on that). */
export const greeting = 'phaul-rpc';

const longestFrame = 1 << 20;
const longestTalk = 1 << 16;

/** Writes one frame: a JSON text and a newline. */
export function writeFrame(output: Writable, frame: object): void {
  output.write(`${JSON.stringify(frame)}\n`);
}

/**
 * Calls `onFrame` with each frame of the stream.
 * `onEnd` is called exactly once: without an argument at a clean end, with PROTOCOL_ERROR for a frame that is too long, cut off or
 * not JSON; nothing is read after that.
 */
export function readFrames(
  input: Readable,
  afterGreeting: boolean,
  onFrame: (frame: unknown) => void,
  onEnd: (error?: PhaulError) => void,
): void {
  let rest = '';
  let greeted = !afterGreeting;
  let ended = false;
  const end = (error?: PhaulError): void => {
    if (ended) return;
    ended = true;
    input.off('data', take);
    onEnd(error);
  };
  const longest = (): number => (greeted ? longestFrame : longestTalk);
  const take = (text: string): void => {
    // Not put together until it is whole: else a frame that comes byte by byte is copied as often.
    if (!text.includes('\n') && rest.length + text.length <= longest()) return void (rest += text);
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (ended) return;
      if (line.length > longest()) return end(broken('too long'));
      if (!greeted) greeted = line.trim() === greeting;
      else if (!deliver(line)) return end(broken('not JSON'));
    }
    if (rest.length > longest()) end(broken('too long'));
  };
  const deliver = (line: string): boolean => {
    let frame: unknown;
    try {
      frame = JSON.parse(line);
    } catch {
      return false;
    }
    onFrame(frame);
    return true;
  };
  input.setEncoding('utf8');
  input.on('data', take);
  input.on('end', () => end(rest && greeted ? broken('cut off') : undefined));
  input.on('close', () => end());
  input.on('error', () => end());
}

function broken(how: string): PhaulError {
  return new PhaulError('PROTOCOL_ERROR', `The other host sent a message that is ${how}.`);
}
