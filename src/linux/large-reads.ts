import { Socket, type SocketConstructorOpts } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';

const blockBytes = 1 << 20;

/** The contents of the longest record of TLS 1.3 (RFC 8446, 5.1): Node gives no more at once. */
const recordBytes = 1 << 14;

/**
 * A stream's incoming bytes, read into one block that is used again after each call, which costs half of Node's own way, a fresh block for each read. Of
 * a plain socket up to 1 MiB at a time. A socket must be paused; any other stream is read as it comes.
 * @returns the stream to use from here on
 */
export function largeReads(stream: Duplex, onChunk: (chunk: Buffer) => void): Duplex {
  if (stream instanceof TLSSocket && readRecords(stream, onChunk)) return stream;
  const plain = stream as Socket & { _handle?: unknown };
  if (!(stream instanceof Socket) || stream.constructor !== Socket || !plain._handle) {
    stream.on('data', onChunk);
    return stream;
  }
  // Node has this for connections that it makes, not for those that it accepts: so the accepted one gets a new Socket.
  const handle = plain._handle;
  plain._handle = null;
  const socket = new Socket({
    handle,
    onread: onread(Buffer.allocUnsafeSlow(blockBytes), onChunk),
    readable: true,
    writable: true,
  } as SocketConstructorOpts);
  socket.resume();
  return socket;
}

/** Sets what Node's option `onread` sets, which it takes for TLS connections that it makes only. False: this Node has other names for it. */
function readRecords(stream: TLSSocket, onChunk: (chunk: Buffer) => void): boolean {
  const inside = stream as unknown as {
    [name: symbol]: unknown;
    readonly _handle?: { readonly useUserBuffer?: (block: Buffer) => void };
  };
  const names = Object.getOwnPropertySymbols(stream);
  const named = (wanted: string): symbol | undefined =>
    names.find(({ description }) => description === wanted);
  const [kBuffer, kBufferCb] = [named('kBuffer'), named('kBufferCb')];
  const handle = inside._handle;
  if (!kBuffer || !kBufferCb || !handle?.useUserBuffer) return false;
  // What has come already.
  for (let chunk; (chunk = stream.read() as Buffer | null);) onChunk(chunk);
  const { buffer, callback } = onread(Buffer.allocUnsafeSlow(recordBytes), onChunk);
  inside[kBuffer] = buffer;
  inside[kBufferCb] = callback;
  handle.useUserBuffer(buffer);
  stream.resume();
  return true;
}

function onread(buffer: Buffer, onChunk: (chunk: Buffer) => void): OnRead {
  return {
    buffer,
    callback: (bytes) => {
      onChunk(buffer.subarray(0, bytes));
      return true;
    },
  };
}

interface OnRead {
  readonly buffer: Buffer;
  readonly callback: (bytes: number) => boolean;
}
