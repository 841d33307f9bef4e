import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Duplex, Readable } from 'node:stream';
import * as consumers from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import type { ExecutionContext } from 'ava';
import koffi from 'koffi';
import { dialDirect } from '../../src/transport/direct-dial.ts';
import { listenDirect, type DirectListener } from '../../src/transport/direct.ts';

export const address = '127.0.0.1';

export async function listen(t: ExecutionContext): Promise<DirectListener> {
  const listener = await listenDirect({ address, port: 0 });
  t.teardown(listener.close);
  return listener;
}

export async function dial(
  t: ExecutionContext,
  { port, secret }: { port: number; secret: Buffer },
  timeoutMs = 60_000,
): Promise<TLSSocket> {
  const stream = (await dialDirect({ address, port, secret, timeoutMs })) as TLSSocket;
  t.teardown(() => stream.destroy());
  return stream;
}

export async function pair(t: ExecutionContext): Promise<{ source: TLSSocket; target: TLSSocket }> {
  const listener = await listen(t);
  const source = await dial(t, listener);
  const target = (await listener.next()) as TLSSocket;
  t.teardown(() => target.destroy());
  return { source, target };
}

/** A TCP connection from a stranger; `closed` settles when the listener has dropped it. */
export function knock(
  t: ExecutionContext,
  port: number,
  from = address,
): { socket: Socket; closed: Promise<void> } {
  const socket = connect({ port, host: address, localAddress: from });
  t.teardown(() => socket.destroy());
  socket.on('error', () => undefined).resume();
  return { socket, closed: new Promise((resolve) => socket.once('close', () => resolve())) };
}

// Unlike the consumers alone, these leave the stream's other direction as it is.
export const buffer = (stream: Readable): Promise<Buffer> =>
  consumers.buffer(stream.iterator({ destroyOnReturn: false }));
export const text = async (stream: Readable): Promise<string> => String(await buffer(stream));

/** Resolves when a stream is closed; an error before that is none. */
export const closing = (stream: Duplex): Promise<void> =>
  new Promise((resolve) => (stream.closed ? resolve() : stream.once('close', resolve)));

export const within = async (ms: number, promise: Promise<unknown>): Promise<boolean> =>
  Promise.race([promise.then(() => true), pause(ms, false, { ref: false })]);

const getsockopt = koffi
  .load(null)
  .func('int getsockopt(int, int, int, _Out_ int *value, _Inout_ uint32_t *length)');

/** Whether TCP_NODELAY is on, asked of the kernel. Node keeps the descriptor in a private field. */
export function noDelay(socket: Socket): boolean {
  const { _handle } = socket as unknown as { _handle: { fd: number; _parent?: { fd: number } } };
  const value = [0];
  const tcp = 6;
  const nodelay = 1;
  const failed = getsockopt(_handle._parent?.fd ?? _handle.fd, tcp, nodelay, value, [4]) as number;
  if (failed) throw new Error(`getsockopt: errno ${koffi.errno()}`);
  return value[0] !== 0;
}

/** A stranger's key and the certificate that it has written for 127.0.0.1. */
export function certificate(): { key: Buffer; cert: Buffer } {
  const directory = mkdtempSync('/tmp/phaul-direct-');
  const [key, cert] = [join(directory, 'key'), join(directory, 'cert')];
  try {
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    const name = ['-subj', '/CN=stranger', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const files = ['-keyout', key, '-out', cert];
    execFileSync('openssl', ['req', '-x509', ...kind, ...name, ...files], { stdio: 'ignore' });
    return { key: readFileSync(key), cert: readFileSync(cert) };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
