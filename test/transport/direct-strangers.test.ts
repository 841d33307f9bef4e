import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import tls from 'node:tls';
import test from 'ava';
import { mostPending } from '../../src/transport/direct-pending.ts';
import { directTls } from '../../src/transport/direct-tls.ts';
import { listenDirect } from '../../src/transport/direct.ts';
import { address, listen, dial, closing, knock, text, within, certificate } from './direct-help.ts';

test('a source with the wrong secret is told so at once, and gets no stream', async (t) => {
  const listener = await listen(t);
  const wrong = { ...listener, secret: randomBytes(32) };
  // Where nothing is said at all it is the port that cannot be reached.
  await t.throwsAsync(dial(t, wrong), { code: 'DIRECT_CONNECTION', message: /does not know the secret/ });
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
    t.false(await within(200, listener.next()));
    await t.notThrowsAsync(closing(stranger));
  });

test('garbage is dropped at once, silence and drops of bytes after a few seconds; a source gets through', async (t) => {
  const listener = await listen(t);
  const [silent, slow, noise] = [knock(t, listener.port), knock(t, listener.port), knock(t, listener.port)];
  noise.socket.write(randomBytes(100_000));
  slow.socket.write(Buffer.from([22, 3, 1, 2, 0]));
  const drops = setInterval(() => slow.socket.write('x'), 200);
  t.teardown(() => clearInterval(drops));
  const patience = Promise.all([silent.closed, slow.closed]).then(() => 'after a few seconds');
  t.is(await Promise.race([patience, noise.closed.then(() => 'at once')]), 'at once');
  await dial(t, listener);
  t.false((await listener.next()).destroyed);
  t.is(await patience, 'after a few seconds');
});

// Serial: so many connections at once need the processor, and the time limit of the handshake runs.
test.serial('a crowd of strangers is kept small, and a source still gets through', async (t) => {
  const listener = await listen(t);
  let gone = 0;
  const crowd = Array.from({ length: 2 * mostPending }, () => knock(t, listener.port));
  for (const { closed } of crowd) void closed.then(() => gone++);
  // Behind all of them.
  await dial(t, listener);
  t.true((await listener.next()).writable);
  // That they are dropped is seen a few turns of the loop later, however long these take.
  for (let turn = 0; turn < 20; turn++) await pause(5);
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
  await t.notThrowsAsync(stranger.closed);
  t.is(await text(untaken), '');
  await t.throwsAsync(dial(t, listener), { message: /ECONNREFUSED/ });
  used.end('still here');
  t.is(await text(target), 'still here');
});
