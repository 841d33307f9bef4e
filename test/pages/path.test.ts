import { once } from 'node:events';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { connect, createServer, Socket } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { codings, frameKinds } from '../../src/pages/frame.ts';
import { receivePages } from '../../src/pages/receive.ts';
import { type Encoding, fixedCompression } from '../../src/pages/compression.ts';
import { pace } from '../../src/pages/pace.ts';
import { loadZstd } from '../../src/pages/zstd.ts';
import { seal } from '../../src/pages/seal.ts';
import { pageSource } from '../../src/pages/source.ts';
import { pageStore } from '../../src/pages/store.ts';
import { seeded } from '../seeded.ts';
import { type Dump, feed, header, pageOf } from './criu-feed.ts';
import { frame, shmem, task } from './frames.ts';
import { readPagemap } from './read-pagemap.ts';

/** The whole path, CRIU's place taken by the test: a socket to the source's end, TCP between the two, files at the other. */
async function path(t: ExecutionContext, headerBytes = 32, room = 'size=64m', coding: Encoding = 'raw') {
  const zstd = loadZstd();
  const options = { compression: fixedCompression(coding), zstd, pace: pace(null) };
  const directory = mkdtempSync('/tmp/phaul-pages-');
  execFileSync('mount', ['-t', 'tmpfs', '-o', room, 'phaul-test', directory]);
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const out = connect((server.address() as { port: number }).port, '127.0.0.1');
  const [stream] = (await once(server, 'connection')) as [Socket];
  const source = pageSource(out, headerBytes, options);
  const startCriu = (): Socket => new Socket({ fd: source.criuEnd(), readable: true, writable: true });
  let criu = startCriu();
  const store = pageStore(directory);
  const target = receivePages(stream, store, coding === 'zstd' ? zstd : null);
  t.teardown(() => {
    source.end();
    target.end();
    criu.destroy();
    server.close();
    execFileSync('umount', ['-l', directory]);
    rmSync(directory, { recursive: true });
  });
  const dump = async (iteration: number, what: Dump, given = { up: 0 }): Promise<number[]> => {
    source.begin(iteration);
    for (let attempt = 0; attempt < given.up; attempt++) {
      await feed(criu, [], headerBytes);
      criu.destroy();
      criu = startCriu();
    }
    const parents = await feed(criu, what, headerBytes);
    await source.stored(iteration);
    return parents;
  };
  return { directory, source, target, store, criu, out, stream, dump };
}

const present = 4;

for (const headerBytes of [24, 32])
  test(`pages of a CRIU with headers of ${headerBytes} bytes arrive as they are`, async (t) => {
    const p = await path(t, headerBytes);
    const pages = [
      { page: 16, flags: present, contents: Array.from({ length: 700 }, (_, index) => pageOf(index)) },
      { page: 2 ** 35, flags: present, contents: [pageOf(1000)] },
    ];
    await p.dump(1, [{ owner: shmem, pages }]);
    seal(p.directory, p.store.owned(), false);
    const found = readPagemap(p.directory, 'pagemap-shmem-5');
    t.deepEqual(
      found.entries.map(({ page, count, flags }) => [page, count, flags]),
      [
        [16, 700, present],
        [2 ** 35, 1, present],
      ],
    );
    t.true(found.contents.equals(Buffer.concat(pages.flatMap(({ contents }) => contents))));
  });

test('pages that are all zero are not sent, and take no room', async (t) => {
  const p = await path(t);
  const contents = [pageOf(1), ...Array.from({ length: 1000 }, () => Buffer.alloc(4096)), pageOf(2)];
  await p.dump(1, [{ owner: shmem, pages: [{ page: 0, flags: present, contents }] }]);
  t.true(p.source.sent().bytes < 4 * 4096);
  t.is(p.source.sent().zeroPages, 1000);
  t.true(statSync(join(p.directory, 'pages-1.img')).blocks * 512 < 4 * 4096);
  seal(p.directory, p.store.owned(), false);
  t.true(readPagemap(p.directory, 'pagemap-shmem-5').contents.equals(Buffer.concat(contents)));
});

test('a page that is rewritten in each of many dumps is stored once', async (t) => {
  const p = await path(t);
  const all = Array.from({ length: 256 }, (_, index) => pageOf(index));
  await p.dump(1, [{ owner: shmem, pages: [{ page: 0, flags: present, contents: all }] }]);
  for (let iteration = 2; iteration <= 10; iteration++)
    await p.dump(iteration, [
      {
        owner: shmem,
        pages: [
          { page: 0, kept: 100 },
          {
            page: 100,
            flags: present,
            contents: all.slice(0, 100).map((_, index) => pageOf(iteration * 1000 + index)),
          },
          { page: 200, kept: 56 },
        ],
      },
    ]);
  t.is(statSync(join(p.directory, 'pages-1.img')).blocks * 512, 256 * 4096);
  seal(p.directory, p.store.owned(), false);
  const { contents } = readPagemap(p.directory, 'pagemap-shmem-5');
  t.true(contents.subarray(100 * 4096, 101 * 4096).equals(pageOf(10_000)));
  t.true(contents.subarray(0, 4096).equals(pageOf(0)));
});

test('CRIU hears which owners an earlier dump has, and which are gone leave nothing', async (t) => {
  const p = await path(t);
  const pages = [{ page: 0, flags: present, contents: [pageOf(1)] }];
  t.deepEqual(
    await p.dump(1, [
      { owner: shmem, pages },
      { owner: task, pages },
    ]),
    [0, 0],
  );
  t.deepEqual(await p.dump(2, [{ owner: shmem, pages: [{ page: 0, kept: 1 }] }]), [1]);
  t.deepEqual(
    await p.dump(3, [
      { owner: task, pages },
      { owner: shmem, pages },
    ]),
    [0, 1],
  );
  t.deepEqual(
    p.store.owned().map(({ name }) => name),
    ['pagemap-7', 'pagemap-shmem-5'],
  );
  t.deepEqual(readdirSync(p.directory).sort(), ['pages-1.img', 'pages-3.img']);
});

test('a CRIU that gives up before its first page leaves all to the next one', async (t) => {
  const p = await path(t);
  await p.dump(1, [{ owner: shmem, pages: [{ page: 0, flags: present, contents: [pageOf(1)] }] }]);
  t.deepEqual(await p.dump(2, [{ owner: shmem, pages: [{ page: 0, kept: 1 }] }], { up: 2 }), [1]);
  seal(p.directory, p.store.owned(), false);
  t.true(readPagemap(p.directory, 'pagemap-shmem-5').contents.equals(pageOf(1)));
});

for (const coding of ['raw', 'zstd'] as const)
  test(`any dumps arrive as the last of them says, in one flat image in the order of addresses, sent ${coding}`, async (t) => {
    for (let seed = 1; seed <= 15; seed++) {
      const random = seeded(seed);
      const p = await path(t, 32, 'size=64m', coding);
      let model = new Map<number, Buffer>();
      for (let iteration = 1; iteration <= 4; iteration++) {
        const next = new Map<number, Buffer>();
        const pages = [];
        for (let page = Math.floor(random() * 9); page < 900;) {
          const count = 1 + Math.floor(random() * 90);
          const range = Array.from({ length: count }, (_, index) => page + index);
          if (random() < 0.4 && range.every((each) => model.has(each))) {
            pages.push({ page, kept: count });
            for (const each of range) next.set(each, model.get(each) ?? Buffer.alloc(0));
          } else {
            const contents = range.map(() =>
              random() < 0.2 ? Buffer.alloc(4096) : pageOf(Math.floor(random() * 1e9)),
            );
            pages.push({ page, flags: present, contents });
            range.forEach((each, index) => next.set(each, contents[index] ?? Buffer.alloc(0)));
          }
          page += count + Math.floor(random() * 20);
        }
        model = next;
        await p.dump(iteration, [{ owner: shmem, pages }]);
      }
      seal(p.directory, p.store.owned(), false);
      const { entries, contents } = readPagemap(p.directory, 'pagemap-shmem-5');
      const ascending = [...model].sort(([a], [b]) => a - b);
      t.deepEqual(
        entries.flatMap(({ page, count }) => Array.from({ length: count }, (_, index) => page + index)),
        ascending.map(([page]) => page),
      );
      t.true(contents.equals(Buffer.concat(ascending.map(([, bytes]) => bytes))), `seed ${seed}`);
      t.deepEqual(
        readdirSync(p.directory).sort(),
        ['pagemap-shmem-5.img', 'pages-1.img'],
        'and nothing else is left',
      );
    }
  });

test('a stream that breaks in the middle of a dump ends both ends, and CRIU', async (t) => {
  const p = await path(t);
  p.source.begin(1);
  p.criu.write(header(32, 4, shmem));
  p.criu.write(header(32, 6 | (present << 16), shmem, 0, 1000));
  p.criu.write(pageOf(1));
  const closed = once(p.criu.resume(), 'close');
  // What is closed with bytes unread resets the connection.
  while (p.source.sent().pages === 0) await new Promise((resolve) => setImmediate(resolve));
  p.target.end();
  await closed;
  await t.throwsAsync(p.source.stored(1), { code: 'LINK_LOST' });
  await t.throwsAsync(p.target.stored(1), { code: 'LINK_LOST' });
  t.is(p.source.failure()?.code, 'LINK_LOST');
});

test('what CRIU should not say ends its dump', async (t) => {
  const p = await path(t);
  p.source.begin(1);
  p.criu.write(Buffer.alloc(32, 0xff));
  await once(p.criu.resume(), 'close');
  await t.throwsAsync(p.source.stored(1), { code: 'PROTOCOL_ERROR' });
});

test('a target that has no room for the memory says so to the source', async (t) => {
  const p = await path(t, 32, 'size=1m');
  const contents = Array.from({ length: 1000 }, (_, index) => pageOf(index));
  const dumped = p.dump(1, [{ owner: shmem, pages: [{ page: 0, flags: present, contents }] }]);
  await t.throwsAsync(dumped);
  const failure = await t.throwsAsync(p.source.stored(1), { code: 'DISK_FULL' });
  t.like(failure, { details: { host: 'target' } });
});

const pages = { kind: frameKinds.pages, flags: present, number: 1, count: 1 };
for (const [title, bytes] of [
  ['of an unknown kind', frame({ kind: 77 })],
  ['before any owner was named', frame(pages, pageOf(1))],
  [
    'with an unknown flag',
    [frame({ kind: frameKinds.open, owner: task }), frame({ ...pages, flags: 0x104 }, pageOf(1))],
  ],
  [
    'with contents for another number of pages',
    [frame({ kind: frameKinds.open, owner: task }), frame({ ...pages, count: 2 }, pageOf(1))],
  ],
  [
    'that are neither kept nor sent',
    [frame({ kind: frameKinds.open, owner: task }), frame({ ...pages, flags: 0 })],
  ],
  ['of an owner of an unknown kind', frame({ kind: frameKinds.open, owner: 3n })],
  [
    'in a coding that was not agreed upon',
    [frame({ kind: frameKinds.open, owner: task }), frame({ ...pages, coding: codings.zstd }, pageOf(1))],
  ],
  ['of a dump that never began', frame({ kind: frameKinds.end, number: 9 })],
] as const)
  test(`pages ${title} are refused, and the target lives`, async (t) => {
    const p = await path(t);
    p.out.write(frame({ kind: frameKinds.iteration, number: 1 }));
    for (const part of [bytes].flat()) p.out.write(part);
    await t.throwsAsync(p.target.stored(1), { code: 'PROTOCOL_ERROR' });
    await t.throwsAsync(p.source.stored(1), { code: 'PROTOCOL_ERROR' });
  });
