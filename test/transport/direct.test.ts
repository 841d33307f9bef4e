import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import test from 'ava';
import { dialDirect } from '../../src/transport/direct-dial.ts';
import { listenDirect } from '../../src/transport/direct.ts';
import { address, listen, dial, closing, pair, buffer, text, within, noDelay } from './direct-help.ts';

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
  await t.notThrowsAsync(closing(source));
});

test('each listener has a secret of its own', async (t) => {
  const [one, other] = [await listen(t), await listen(t)];
  t.is(one.secret.length, 32);
  t.false(one.secret.equals(other.secret));
});

test('more streams than anybody takes are refused', async (t) => {
  const listener = await listen(t);
  for (let i = 0; i < 16; i++) await dial(t, listener);
  await t.throwsAsync(dial(t, listener, 500), { code: 'DIRECT_CONNECTION' });
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
  await t.notThrowsAsync(Promise.all([taken, ...sources].map(closing)));
  // The end of the stream that nobody took is no later than that of its other half, by a few turns of the loop.
  for (let turn = 0; turn < 20; turn++) await pause(5);
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
