import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { receiveImages, sendImages } from '../../src/criu/image-stream.ts';
import { endMark, imageFile as file } from './image-frames.ts';

interface Pair {
  readonly from: string;
  readonly to: string;
  readonly near: Socket;
  readonly far: Socket;
}

async function pair(t: ExecutionContext): Promise<Pair> {
  const directory = mkdtempSync('/tmp/phaul-images-');
  t.teardown(() => rmSync(directory, { recursive: true }));
  const [from, to, path] = ['from', 'to', 'socket'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(from);
  mkdirSync(to);
  const server = createServer({ pauseOnConnect: true }).listen(path);
  t.teardown(() => server.close());
  await once(server, 'listening');
  const near = connect(path).pause();
  const [far] = (await once(server, 'connection')) as [Socket];
  for (const socket of [near, far]) {
    socket.on('error', () => undefined);
    t.teardown(() => socket.destroy());
  }
  return { from, to, near, far };
}

test('images arrive as they were, large and empty ones too', async (t) => {
  const { from, to, near, far } = await pair(t);
  const images = {
    'core-1.img': Buffer.from('core'),
    'empty.img': Buffer.alloc(0),
    'exactly.img': Buffer.alloc(1 << 20, 'a'),
    'ghost-file-1.img': Buffer.alloc((1 << 20) + 1, 'b'),
    'large.img': Buffer.alloc(20_000_003, 'c'),
    'tail.img': Buffer.from('tail'),
  };
  for (const [name, contents] of Object.entries(images)) writeFileSync(join(from, name), contents);
  const [sent, count] = await Promise.all([sendImages(from, near), receiveImages(to, far)]);
  t.is(count, 6);
  t.is(sent, far.bytesRead);
  t.deepEqual(readdirSync(to).sort(), Object.keys(images));
  for (const [name, contents] of Object.entries(images))
    t.true(readFileSync(join(to, name)).equals(contents), name);
});

test('logs, statistics and the link to the parent stay at home', async (t) => {
  const { from, to, near, far } = await pair(t);
  for (const name of ['dump.log', 'stats-dump', 'inventory.img', 'inventory.img.tmp'])
    writeFileSync(join(from, name), name);
  symlinkSync('../1', join(from, 'parent'));
  await Promise.all([sendImages(from, near), receiveImages(to, far)]);
  t.deepEqual(readdirSync(to), ['inventory.img']);
});

test('a directory without images is received as nothing', async (t) => {
  const { from, to, near, far } = await pair(t);
  const [bytes, count] = await Promise.all([sendImages(from, near), receiveImages(to, far)]);
  t.deepEqual([bytes, count], [2, 0]);
});

test('it does not matter how the stream is cut', async (t) => {
  const { to, near, far } = await pair(t);
  const bytes = Buffer.concat([file('a.img', 'first'), file('b.img', 'second'), endMark]);
  const receiving = receiveImages(to, far);
  for (const byte of bytes) {
    near.write(Buffer.of(byte));
    await new Promise((resolve) => setImmediate(resolve));
  }
  near.end();
  t.is(await receiving, 2);
  t.is(readFileSync(join(to, 'b.img'), 'utf8'), 'second');
});

const impossible = test.macro({
  exec: async (t, name: string | Buffer) => {
    const { to, near, far } = await pair(t);
    near.write(Buffer.concat([file('good.img', 'good'), file(name, 'evil'), endMark]));
    await t.throwsAsync(receiveImages(to, far), { code: 'PROTOCOL_ERROR' });
    t.deepEqual(readdirSync(to), ['good.img']);
    t.deepEqual(readdirSync(join(to, '..')).sort(), ['from', 'socket', 'to']);
  },
  title: (what) => `${what} is refused, and nothing is written`,
});
test('a name that climbs', impossible, '../evil.img');
test('an absolute name', impossible, '/tmp/evil.img');
test('the directory itself', impossible, '.');
test('its parent', impossible, '..');
test('a hidden name', impossible, '.evil');
test('a name with a slash', impossible, 'a/b');
test('a name with a NUL', impossible, 'a\0.img');
test('a name with a line break', impossible, 'a.img\n');
test('a name that is an option', impossible, '-rf');
test('a name that is not text', impossible, Buffer.from([0x61, 0xff, 0xfe]));
test('a name that is too long', impossible, 'n'.repeat(300));
test('a name sent twice', impossible, 'good.img');

test('a file that is there already is not overwritten', async (t) => {
  const { to, near, far } = await pair(t);
  writeFileSync(join(to, 'pages-1.img'), 'pages');
  symlinkSync('/etc/passwd', join(to, 'link.img'));
  near.write(Buffer.concat([file('pages-1.img', 'evil')]));
  await t.throwsAsync(receiveImages(to, far), { code: 'PROTOCOL_ERROR' });
  t.is(readFileSync(join(to, 'pages-1.img'), 'utf8'), 'pages');
});

test('bytes after the end mark are an error', async (t) => {
  const { to, near, far } = await pair(t);
  near.end(Buffer.concat([file('a.img', 'a'), endMark, Buffer.alloc(1)]));
  await t.throwsAsync(receiveImages(to, far), { code: 'PROTOCOL_ERROR' });
});

const cut = test.macro({
  exec: async (t, bytes: Buffer, how: 'end' | 'destroy') => {
    const { to, near, far } = await pair(t);
    const receiving = receiveImages(to, far);
    near.write(bytes);
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (how === 'end') near.end();
    else far.destroy();
    await t.throwsAsync(receiving, { code: 'LINK_LOST' });
  },
  title: (where) => `a stream that ends ${where} is a lost connection`,
});
test('before its first byte', cut, Buffer.alloc(0), 'end');
test('in a length', cut, Buffer.alloc(1), 'end');
test('in a name', cut, file('core-1.img', '').subarray(0, 6), 'end');
test('in a small file', cut, file('a.img', 'abc', 10n), 'end');
test('in a large file', cut, file('a.img', Buffer.alloc(100_000), 5_000_000n), 'end');
test('in a file of impossible size', cut, file('a.img', 'abc', 2n ** 64n - 1n), 'end');
test('without the end mark', cut, file('a.img', 'abc'), 'end');
test('by our own hand in a small file', cut, file('a.img', 'abc', 10n), 'destroy');
test('by our own hand after the end mark', cut, endMark, 'destroy');
test('by our own hand in a large file', cut, file('a.img', Buffer.alloc(100_000), 5_000_000n), 'destroy');

test('sending into a stream that closes is a lost connection', async (t) => {
  const { from, near, far } = await pair(t);
  writeFileSync(join(from, 'large.img'), Buffer.alloc(20_000_000));
  const sending = sendImages(from, near);
  far.destroy();
  await t.throwsAsync(sending, { code: 'LINK_LOST' });
});

const full = test.macro({
  exec: async (t, size: number) => {
    const { from, to, near, far } = await pair(t);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'phaul-test', to]);
    t.teardown(() => execFileSync('umount', ['-l', to]));
    writeFileSync(join(from, 'large.img'), Buffer.alloc(size));
    const sending = sendImages(from, near).catch(() => undefined);
    await t.throwsAsync(receiveImages(to, far), { code: 'DISK_FULL' });
    far.destroy();
    await sending;
  },
  title: (what) => `${what} that does not fit on the disk fails the transfer, not the service`,
});
test('a small file', full, 500_000);
test('a large file', full, 5_000_000);
