import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { deferred } from '../deferred.ts';
import { asPhaulError, PhaulError } from '../errors.ts';
import { growSendBuffer, socketPair, socketTypes } from '../linux/socket-pair.ts';
import { frameKinds } from './frame.ts';
import { readReplies } from './replies.ts';
import { pageSender, type SenderOptions, type Sent } from './sender.ts';
import { imageName, operations, pageBytes, pageFlags, readHeader } from './wire.ts';

/**
 * The source's end of the page path: to CRIU on this host it is the page server, for all dumps of a migration; to the target it sends
 * what CRIU says in phaul's own frames.
 */
export interface PageSource {
  /** A descriptor that CRIU is to have as its page socket; the CRIU before, if there was one, has ended. Whoever gives it to CRIU closes it here. */
  readonly criuEnd: () => number;
  /** A dump is about to begin. One that CRIU gave up before its first page does not count: that iteration's dump is the one that follows. */
  readonly begin: (iteration: number) => void;
  /**
   * Settles when the target has stored all of that dump.
   * @throws the target's error, LINK_LOST
   */
  readonly stored: (iteration: number) => Promise<Sending>;
  /** Why it has ended by itself, if it has. */
  readonly failure: () => PhaulError | null;
  /** What has been sent so far. */
  readonly sent: () => Sent;
  /** It takes nothing more from CRIU before the channel to the target has taken what it has. */
  readonly full: () => boolean;
  /** Ends it, in the middle of a dump too: CRIU's dump fails then, and the tasks go on. Idempotent. */
  readonly end: () => void;
}

/** How long a dump took, in ms: from `begin` to its first page, and from there until the target had stored all. */
export interface Sending {
  readonly beforeMs: number;
  readonly sendMs: number;
}

// Large reads: each costs a turn of the event loop. What has been read waits in its block until the channel has taken it.
const blockBytes = 1 << 19;
const mostBlocks = 4;
const bufferBytes = 4 << 20;

/** @param headerBytes of this host's CRIU (wire.ts) */
export function pageSource(out: Duplex, headerBytes: number, options: SenderOptions): PageSource {
  const spare: Buffer[] = [];
  let waiting = 0;
  let block: Buffer = Buffer.allocUnsafe(blockBytes);
  // What the last read left over: part of a header or of a page.
  let tail = 0;
  let failure: PhaulError | null = null;
  let iteration = 0;
  let begun = 0;
  // A dump that was sent whole, which the target has not said that it has.
  let unstored: number | null = null;
  // When the first page of the dump came.
  let sendingSince: number | null = null;
  let known = new Set<string>();
  let named = new Set<string>();
  let owner: bigint | null = null;
  // Of the pages that CRIU has announced: the first that has not come, how many are to come, their flags.
  let [page, left, flags] = [0, 0, 0];
  const ends = new Map<number, ReturnType<typeof deferred<Sending>>>();

  const fail = (error: PhaulError): void => {
    failure ??= error;
    for (const end of ends.values()) end.reject(failure);
    criu?.destroy();
    out.destroy();
  };
  const arrived = (number: number): void => {
    if (number !== unstored)
      return fail(
        new PhaulError('PROTOCOL_ERROR', 'The target says that it has pages that it was not sent.'),
      );
    unstored = null;
    const now = performance.now();
    const first = sendingSince ?? now;
    endOf(number).resolve({ beforeMs: first - begun, sendMs: now - first });
    sendingSince = null;
  };
  const endOf = (number: number): ReturnType<typeof deferred<Sending>> => {
    const end = ends.get(number) ?? deferred<Sending>();
    ends.set(number, end);
    if (failure) end.reject(failure);
    return end;
  };
  const sender = pageSender(out, options, fail);
  const answer = (value: number, bytes: 1 | 4): void => {
    const reply = Buffer.alloc(bytes);
    reply.writeUIntLE(value, 0, bytes);
    criu?.write(reply);
  };

  const request = (at: number): void => {
    const header = readHeader(block, at, headerBytes);
    switch (header.operation) {
      case operations.parent:
        return answer(known.has(imageName(header.owner)) ? 1 : 0, 4);
      case operations.open:
        sendingSince ??= performance.now();
        owner = header.owner;
        named.add(imageName(owner));
        sender.frame({ kind: frameKinds.open, owner });
        return answer(known.has(imageName(owner)) ? 1 : 0, 1);
      case operations.add:
        if (header.owner !== owner) throw unexpected('adds pages to what it has not opened');
        if (header.flags & pageFlags.present) ({ page, count: left, flags } = header);
        else
          sender.frame({
            kind: frameKinds.pages,
            number: header.page,
            count: header.count,
            flags: header.flags,
          });
        return;
      case operations.close:
      case operations.forceClose:
        if (named.size > 0) {
          sender.frame({ kind: frameKinds.end, number: iteration });
          unstored = iteration;
          [known, named, owner] = [named, new Set(), null];
        }
        return answer(0, 4);
      default:
        throw unexpected(`asks for ${header.operation}`);
    }
  };
  const pages = (at: number, count: number): void => {
    sender.pages(flags, page, block, at, count);
    page += count;
    left -= count;
  };
  /** Takes what is whole of the first `filled` bytes of the block. Gives how many bytes that is. */
  const take = (filled: number): number => {
    let at = 0;
    for (;;) {
      if (left > 0) {
        const count = Math.min(left, Math.floor((filled - at) / pageBytes));
        if (count === 0) return at;
        pages(at, count);
        at += count * pageBytes;
      } else {
        if (filled - at < headerBytes) return at;
        request(at);
        at += headerBytes;
      }
    }
  };
  const nextBlock = (rest: Buffer): void => {
    block = spare.pop() ?? Buffer.allocUnsafe(blockBytes);
    tail = rest.copy(block);
  };
  const received = (bytes: number): boolean => {
    if (failure) return false;
    const full = block;
    const filled = tail + bytes;
    try {
      const taken = take(filled);
      waiting++;
      nextBlock(full.subarray(taken, filled));
    } catch (error) {
      fail(asPhaulError(error));
      return false;
    }
    sender.flush(() => {
      spare.push(full);
      if (waiting-- === mostBlocks) criu?.resume();
    });
    return waiting < mostBlocks;
  };

  // Reads go straight into the block (an option of Node's that its types have for connections only).
  const onread = { buffer: () => block.subarray(tail), callback: received };
  let criu: Socket | null = null;
  const listenTo = (fd: number): void => {
    const local = { fd, readable: true, writable: true, onread };
    criu = new Socket(local);
    // What is wrong is told by CRIU's own log, or by the channel.
    criu.on('error', () => undefined);
    if (failure) criu.destroy();
    else criu.resume();
  };
  out.on('error', () => undefined);
  // A direct stream that the target has ended is open in the other direction.
  for (const event of ['end', 'close'])
    out.on(event, () => fail(new PhaulError('LINK_LOST', 'The stream of pages to the target has ended.')));
  readReplies(out, (reply) => ('stored' in reply ? arrived(reply.stored) : fail(reply.error)));

  return {
    criuEnd: () => {
      const [ours, criuEnd] = socketPair(socketTypes.stream);
      growSendBuffer(criuEnd, bufferBytes);
      listenTo(ours);
      return criuEnd;
    },
    begin: (number) => {
      iteration = number;
      begun = performance.now();
      sender.frame({ kind: frameKinds.iteration, number });
      sender.flush();
    },
    stored: (number) => endOf(number).promise,
    failure: () => failure,
    sent: sender.sent,
    full: () => !(criu?.destroyed ?? true) && waiting >= mostBlocks,
    end: () => {
      failure ??= new PhaulError('CANCELLED', 'The stream of pages was ended.');
      criu?.destroy();
      out.destroy();
    },
  };
}

function unexpected(what: string): PhaulError {
  return new PhaulError('PROTOCOL_ERROR', `CRIU on the source ${what}, which phaul does not expect.`);
}
