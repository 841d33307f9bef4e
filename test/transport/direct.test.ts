import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import * as consumers from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import tls, { type TLSSocket } from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import { dialDirect } from '../../src/transport/direct-dial.ts';
import { mostPending } from '../../src/transport/direct-pending.ts';
import { directTls } from '../../src/transport/direct-tls.ts';
import { listenDirect, type DirectListener } from '../../src/transport/direct.ts';
import { certificate, noDelay } from './direct-help.ts';

const address = '127.0.0.1';

async function listen(t: ExecutionContext): Promise<DirectListener> {
  const listener = await listenDirect({ address, port: 0 });
  t.teardown(listener.close);
  return listener;
}

async function dial(
  t: ExecutionContext,
  { port, secret }: { port: number; secret: Buffer },
  timeoutMs = 5000,
): Promise<TLSSocket> {
  const stream = (await dialDirect({ address, port, secret, timeoutMs })) as TLSSocket;
  t.teardown(() => stream.destroy());
  return stream;
}

async function pair(t: ExecutionContext): Promise<{ source: TLSSocket; target: TLSSocket }> {
  const listener = await listen(t);
  const source = await dial(t, listener);
  const target = (await listener.next()) as TLSSocket;
  t.teardown(() => target.destroy());
  return { source, target };
}

/** A TCP connection from a stranger; `closed` settles when the listener has dropped it. */
function knock(t: ExecutionContext, port: number, from = address): { socket: Socket; closed: Promise<void> } {
  const socket = connect({ port, host: address, localAddress: from });
  t.teardown(() => socket.destroy());
  socket.on('error', () => undefined).resume();
  return { socket, closed: new Promise((resolve) => socket.once('close', () => resolve())) };
}

// Unlike the consumers alone, these leave the stream's other direction as it is.
const buffer = (stream: Readable): Promise<Buffer> =>
  consumers.buffer(stream.iterator({ destroyOnReturn: false }));
const text = async (stream: Readable): Promise<string> => String(await buffer(stream));

const within = async (ms: number, promise: Promise<unknown>): Promise<boolean> =>
  Promise.race([promise.then(() => true), pause(ms, false, { ref: false })]);

test('it is TLS 1.3 with AES-128-GCM, an ephemeral key exchange and no certificate', async (t) => {
  const { source, target } = await pair(t);
  for (const end of [source, target]) {
    t.is(end.getProtocol(), 'TLSv1.3');
    t.is(end.getCipher().name, 'TLS_AES_128_GCM_SHA256');
    t.deepEqual(end.getPeerCertificate(), {} as never);
  }
  t.like(source.getEphemeralKeyInfo(), { type: 'ECDH', name: 'X25519' });
});

test('small writes leave at once, from both ends', async (t) => {
  const { source, target } = await pair(t);
  t.true(noDelay(source));
  t.true(noDelay(target));
});

test('what goes in comes out at the other end, in both directions', async (t) => {
  const { source, target } = await pair(t);
  const pages = randomBytes(5_000_001);
  const images = randomBytes(300_001);
  source.end(pages);
  target.end(images);
  const [there, back] = await Promise.all([buffer(target), buffer(source)]);
  t.true(there.equals(pages));
  t.true(back.equals(images));
});

test('nobody reads a stream before its user does, and nothing is lost meanwhile', async (t) => {
  const { source, target } = await pair(t);
  const bytes = randomBytes(64 << 20);
  source.end(bytes);
  target.end('early');
  await pause(200);
  t.true(source.writableLength > 0, 'the sender is held back');
  t.is(source.readableFlowing, null);
  t.is(target.readableFlowing, null);
  t.true((await buffer(target)).equals(bytes));
  t.is(await text(source), 'early');
});

test('a stream that was ended in one direction goes on in the other', async (t) => {
  const { source, target } = await pair(t);
  source.end('all pages');
  t.is(await text(target), 'all pages');
  await pause(50);
  target.write('late ');
  await pause(50);
  target.end('answer');
  t.is(await text(source), 'late answer');
});

for (const turn of ['at once', 'in the next tick'] as const)
  test(`nothing that still comes is lost when a user of the stream ends it ${turn}`, async (t) => {
    for (let round = 0; round < 5; round++) {
      const { source, target } = await pair(t);
      const pages = randomBytes(10_000_001);
      const there: Buffer[] = [];
      target.on('data', (bytes: Buffer) => {
        if (there.push(bytes) !== 30) return;
        if (turn === 'at once') target.end();
        else process.nextTick(() => target.end());
      });
      source.resume().end(pages);
      await once(target, 'end');
      t.true(Buffer.concat(there).equals(pages));
    }
  });

test('streams come in the order in which they were opened', async (t) => {
  const listener = await listen(t);
  const sources = [await dial(t, listener), await dial(t, listener), await dial(t, listener)];
  for (const source of sources) {
    const target = (await listener.next()) as TLSSocket;
    t.teardown(() => target.destroy());
    t.is(target.remotePort, source.localPort);
  }
});

test('one may wait for a stream before it is opened', async (t) => {
  const listener = await listen(t);
  const next = listener.next();
  await dial(t, listener);
  t.false((await next).destroyed);
  (await next).destroy();
});

test('a stream whose other end is gone harms nobody', async (t) => {
  const { source, target } = await pair(t);
  source.write(randomBytes(1 << 20));
  target.destroy();
  for (let i = 0; i < 5; i++, await pause(20)) source.write(randomBytes(1 << 20));
  t.true(source.destroyed);
});

test('each listener has a secret of its own', async (t) => {
  const [one, other] = [await listen(t), await listen(t)];
  t.is(one.secret.length, 32);
  t.false(one.secret.equals(other.secret));
});

test('a source with the wrong secret is told so at once, and gets no stream', async (t) => {
  const listener = await listen(t);
  const wrong = { ...listener, secret: randomBytes(32) };
  const started = performance.now();
  await t.throwsAsync(dial(t, wrong), { code: 'DIRECT_CONNECTION', message: /does not know the secret/ });
  t.true(performance.now() - started < 2000);
  t.false(await within(100, listener.next()));
});

for (const [who, options] of [
  ['TLS without a secret', {}],
  ['TLS 1.2', { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', ciphers: 'PSK' }],
  ['the right secret under another name', { name: 'stranger' }],
] as const)
  test(`${who} is dropped without a stream`, async (t) => {
    const listener = await listen(t);
    const name = 'name' in options ? options.name : undefined;
    const { secret: psk } = listener;
    const stranger = tls.connect({
      ...directTls,
      ...options,
      host: address,
      port: listener.port,
      rejectUnauthorized: false,
      ...('ciphers' in options || name ? { pskCallback: () => ({ psk, identity: name ?? 'phaul' }) } : {}),
    });
    stranger.on('error', () => undefined).resume();
    const closed = new Promise((resolve) => stranger.once('close', resolve));
    t.false(await within(200, listener.next()));
    t.true(await within(2000, closed));
  });

test('garbage is dropped at once, silence and drops of bytes after a few seconds; a source gets through', async (t) => {
  const listener = await listen(t);
  const [silent, slow, noise] = [knock(t, listener.port), knock(t, listener.port), knock(t, listener.port)];
  noise.socket.write(randomBytes(100_000));
  slow.socket.write(Buffer.from([22, 3, 1, 2, 0]));
  const drops = setInterval(() => slow.socket.write('x'), 200);
  t.teardown(() => clearInterval(drops));
  t.true(await within(1000, noise.closed));
  await dial(t, listener);
  t.false((await listener.next()).destroyed);
  t.true(await within(5000, Promise.all([silent.closed, slow.closed])));
});

// Serial: so many connections at once need the processor, and the time limit of the handshake runs.
test.serial('a crowd of strangers is kept small, and a source still gets through', async (t) => {
  const listener = await listen(t);
  let gone = 0;
  const crowd = Array.from({ length: 2 * mostPending }, () => knock(t, listener.port));
  for (const { closed } of crowd) void closed.then(() => gone++);
  await dial(t, listener, 10_000);
  t.true((await listener.next()).writable);
  await pause(200);
  t.true(gone >= mostPending, `${gone} were dropped`);
});

test('a source that was dropped without a word tries again', async (t) => {
  const listener = await listen(t);
  let drops = 2;
  const between = createServer((near) => {
    if (drops-- > 0) return void near.resetAndDestroy();
    const far = connect(listener.port, address);
    for (const socket of [near, far]) socket.on('error', () => undefined);
    near.pipe(far).pipe(near);
  }).listen(0, address);
  t.teardown(() => between.close());
  await once(between, 'listening');
  const { port } = between.address() as { port: number };
  const source = await dial(t, { port, secret: listener.secret });
  (await listener.next()).end('through');
  t.is(await text(source), 'through');
});

test('more streams than anybody takes are refused', async (t) => {
  const listener = await listen(t);
  for (let i = 0; i < 16; i++) await dial(t, listener);
  await t.throwsAsync(dial(t, listener, 500), { code: 'DIRECT_CONNECTION' });
});

test.serial('a certificate does not do in place of the secret, whatever the environment says', async (t) => {
  const server = tls.createServer({ ...certificate(), minVersion: 'TLSv1.3' }, (stream) => stream.end('+hi'));
  server.listen(0, address);
  t.teardown(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  t.teardown(() => delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']);
  const secret = randomBytes(32);
  await t.throwsAsync(dial(t, { port, secret }), { code: 'DIRECT_CONNECTION', message: /the secret/ });
});

test('what answers with another greeting is not taken for the target', async (t) => {
  const secret = randomBytes(32);
  const server = tls.createServer({ ...directTls, pskCallback: () => secret }, (stream) =>
    stream.end('hello'),
  );
  server.listen(0, address);
  t.teardown(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await t.throwsAsync(dial(t, { port, secret }), { code: 'DIRECT_CONNECTION', message: /ERR_NO_WELCOME/ });
});

test('a connection that is cut harms nobody, whether its stream was taken or not', async (t) => {
  const listener = await listen(t);
  const between = createServer((near) => {
    const far = connect(listener.port, address);
    for (const socket of [near, far]) socket.on('error', () => undefined);
    near.pipe(far).pipe(near);
    between.once('cut', () => [near, far].map((socket) => socket.resetAndDestroy()));
  }).listen(0, address);
  t.teardown(() => between.close());
  await once(between, 'listening');
  const { port } = between.address() as { port: number };
  const sources = [
    await dial(t, { port, secret: listener.secret }),
    await dial(t, { port, secret: listener.secret }),
  ];
  const taken = await listener.next();
  between.emit('cut');
  await pause(100);
  t.deepEqual(
    [taken, ...sources].map((stream) => stream.destroyed),
    [true, true, true],
  );
  t.false(await within(100, listener.next()), 'a dead stream is not given out');
});

test('a port where nobody listens, and one that says nothing, are said to be out of reach', async (t) => {
  const server = createServer((socket) => socket.on('error', () => undefined)).listen(0, address);
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const secret = randomBytes(32);
  await t.throwsAsync(dial(t, { port, secret }, 200), { code: 'DIRECT_CONNECTION', message: /ETIMEDOUT/ });
  server.close();
  await t.throwsAsync(dial(t, { port, secret }), { code: 'DIRECT_CONNECTION', message: /ECONNREFUSED/ });
});

test('dialling can be given up', async (t) => {
  const server = createServer((socket) => socket.on('error', () => undefined)).listen(0, address);
  t.teardown(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const options = { address, port, secret: randomBytes(32), timeoutMs: 5000 };
  const signal = AbortSignal.timeout(100);
  await t.throwsAsync(dialDirect({ ...options, signal }), { code: 'CANCELLED' });
  await t.throwsAsync(dialDirect({ ...options, signal }), { code: 'CANCELLED' });
});

test('a port that is taken and an address of another host are refused with the reason', async (t) => {
  const { port } = await listen(t);
  await t.throwsAsync(listenDirect({ address, port }), {
    code: 'DIRECT_CONNECTION',
    message: /EADDRINUSE/,
  });
  await t.throwsAsync(listenDirect({ address: '192.0.2.1', port: 0 }), { message: /EADDRNOTAVAIL/ });
});

test('listening can be given up before it has begun', async (t) => {
  const aborter = new AbortController();
  const listening = listenDirect({ address, port: 0, signal: aborter.signal });
  aborter.abort();
  await t.throwsAsync(listening, { code: 'CANCELLED' });
  await t.throwsAsync(listenDirect({ address, port: 0, signal: aborter.signal }), { code: 'CANCELLED' });
});

test('closing drops strangers, whoever waits and what nobody took; a stream in use lives on', async (t) => {
  const aborter = new AbortController();
  const listener = await listenDirect({ address, port: 0, signal: aborter.signal });
  const used = await dial(t, listener);
  const target = await listener.next();
  const untaken = await dial(t, listener);
  const stranger = knock(t, listener.port);
  await once(stranger.socket, 'connect');
  await pause(50);
  aborter.abort();
  await t.throwsAsync(listener.next(), { code: 'DIRECT_CONNECTION' });
  listener.close();
  t.true(await within(1000, stranger.closed));
  t.is(await text(untaken), '');
  await t.throwsAsync(dial(t, listener), { message: /ECONNREFUSED/ });
  used.end('still here');
  t.is(await text(target), 'still here');
});
