import { PassThrough } from 'node:stream';
import test from 'ava';
import { PhaulError } from '../../src/errors.ts';
import { serve } from '../../src/rpc/server.ts';
import { serverEnd, settle } from './ends.ts';

test('the greeting comes first', (t) => {
  const output = new PassThrough();
  serve(new PassThrough(), output, {} as never);
  t.is((output.read() as Buffer).toString(), 'phaul-rpc\n');
});

test('calls are handled one at a time, in the order they come', async (t) => {
  const order: string[] = [];
  const step = (name: string, ms: number) => async () => {
    order.push(`${name} begins`);
    await new Promise((resolve) => setTimeout(resolve, ms));
    order.push(`${name} ends`);
    return {};
  };
  const end = serverEnd({ prepare: step('prepare', 20), finish: step('finish', 0) });
  end.say({ id: 1, method: 'prepare', params: {} }, { id: 2, method: 'finish', params: {} });
  while (end.heard().length < 2) await settle();
  t.deepEqual(order, ['prepare begins', 'prepare ends', 'finish begins', 'finish ends']);
  t.deepEqual(end.heard(), [
    { id: 1, result: {} },
    { id: 2, result: {} },
  ]);
});

test('only abort does not wait for its turn', async (t) => {
  const end = serverEnd({
    prepare: () => new Promise(() => undefined),
    abort: () => Promise.resolve({ outcome: 'undone', error: null, failures: [] }),
  });
  end.say({ id: 1, method: 'prepare', params: {} }, { id: 2, method: 'abort', params: {} });
  await settle();
  t.deepEqual(end.heard(), [{ id: 2, result: { outcome: 'undone', error: null, failures: [] } }]);
});

const failing = test.macro({
  exec: async (t, thrown: unknown, expected: object) => {
    const end = serverEnd({
      prepare: () => {
        throw thrown;
      },
      finish: () => Promise.resolve({}),
    });
    end.say({ id: 7, method: 'prepare', params: {} }, { id: 8, method: 'finish', params: {} });
    await settle();
    const [first, second] = end.heard() as [{ error: object }, object];
    t.like(first, { id: 7 });
    t.like(first.error, expected);
    t.deepEqual(second, { id: 8, result: {} });
  },
  title: (what) => `a handler that throws ${what} answers with it, and the next call is heard`,
});
test('an error of phaul', failing, new PhaulError('NAME_TAKEN', 'Taken.', { hint: 'Other.' }), {
  code: 'NAME_TAKEN',
  message: 'Taken.',
  hint: 'Other.',
});
test('any error', failing, new TypeError('x is undefined'), { code: 'INTERNAL', message: 'x is undefined' });
test('no error at all', failing, 'words', { code: 'INTERNAL', message: 'words' });

const malformed = test.macro({
  exec: async (t, method: string, params: unknown) => {
    const end = serverEnd();
    end.say({ id: 1, method, params });
    await settle();
    t.like(end.heard()[0], { id: 1, error: { code: 'PROTOCOL_ERROR' } });
  },
  title: (what) => `${what} is malformed and is not handled`,
});
const tree = { source: '/srv/a', target: '/srv/a', without: ['deep/mount'] };
const goodCheck = {
  mode: 'live',
  container: { htype: 'pid', id: 'ct101', trees: [], needs: [], meta: null },
  fs: [{ driver: 'rsync', trees: [tree] }],
  devices: [],
  source: 'hosta',
  skipCriuCheck: false,
  cpuinfo: null,
  memory: 0,
  force: false,
  imagePath: null,
};
const withFs = (...fs: object[]): object => ({ ...goodCheck, fs });
const withContainer = (part: object): object => ({
  ...goodCheck,
  container: { ...goodCheck.container, ...part },
});
test('hello without a migration', malformed, 'hello', { protocol: 1, phaul: 'x' });
test('a migration id that climbs', malformed, 'hello', {
  protocol: 1,
  phaul: 'x',
  migration: '../../../etc',
});
test('a migration id with a NUL', malformed, 'hello', { protocol: 1, phaul: 'x', migration: 'aaaaaaaa\0' });
test('a container id that climbs', malformed, 'check', withContainer({ id: '../../etc' }));
test('a container id that is an option', malformed, 'check', withContainer({ id: '--all' }));
test('a container id with a line break', malformed, 'check', withContainer({ id: 'ct101\n' }));
test(
  'a tree that climbs',
  malformed,
  'check',
  withContainer({ trees: [{ source: '/a', target: '/a/../b' }] }),
);
test('a relative tree', malformed, 'check', withContainer({ trees: [{ source: 'a', target: 'a' }] }));
test('a path with a NUL', malformed, 'check', withContainer({ needs: ['/a\0b'] }));
test('a driver name that climbs', malformed, 'check', withFs({ driver: '../evil', trees: [tree] }));
test('an fs driver without trees', malformed, 'check', withFs({ driver: 'rsync', trees: [] }));
test(
  'more fs drivers than streams',
  malformed,
  'check',
  withFs(...Array.from({ length: 5 }, () => ({ driver: 'rsync', trees: [tree] }))),
);
for (const path of ['../etc', '/etc', 'a/../b', 'a//b', '.', '', 'a\0b'])
  test(
    `a tree without ${JSON.stringify(path)}`,
    malformed,
    'check',
    withFs({ driver: 'rsync', trees: [{ ...tree, without: [path] }] }),
  );
test('a mode that does not exist', malformed, 'check', { ...goodCheck, mode: 'magic' });
test('a survey of a relative tree', malformed, 'survey', {
  candidates: [{ driver: 'shared', tree: { ...tree, target: 'a' }, seen: null }],
});
test('an image path that climbs', malformed, 'check', { ...goodCheck, imagePath: '/tmp/../etc' });
test('negative memory', malformed, 'check', { ...goodCheck, memory: -1 });
test('an iteration that is no number', malformed, 'checkpoint', { iteration: '../1', last: true });
test('a fraction of an iteration', malformed, 'checkpoint', { iteration: 1.5, last: true });

test('what is well-formed is handled', async (t) => {
  const end = serverEnd({
    check: (params) =>
      Promise.resolve({ criu: null, kernel: String(params.fs[0]?.driver), zstd: true, refusals: [] }),
  });
  end.say({ id: 1, method: 'check', params: goodCheck });
  await settle();
  t.like(end.heard()[0], { id: 1, result: { kernel: 'rsync' } });
});

const deadly = test.macro({
  exec: async (t, said: object | string) => {
    let handled = 0;
    const end = serverEnd({ prepare: () => Promise.resolve((handled++, {})) });
    end.say(said, { id: 2, method: 'prepare', params: {} });
    t.is((await end.closed)?.code, 'PROTOCOL_ERROR');
    await settle();
    t.is(handled, 0);
    end.hangUp();
  },
  title: (what) => `${what} closes the session, and nothing after it is handled`,
});
test('an unknown method', deadly, { id: 1, method: 'explode', params: {} });
test('a method that every object has', deadly, { id: 1, method: 'constructor', params: {} });
test('a call without parameters', deadly, { id: 1, method: 'checkpoint' });
test('a call without an id', deadly, { method: 'prepare', params: {} });
test('an answer', deadly, { id: 1, result: {} });
test('text that is not JSON', deadly, 'GET / HTTP/1.1\n');
test('an oversized frame', deadly, `${JSON.stringify('x'.repeat(2 ** 20))}\n`);

test('a call deeper than any stack is not deadly', async (t) => {
  const deep = '['.repeat(200_000) + ']'.repeat(200_000);
  const end = serverEnd({ prepare: () => Promise.resolve({}) });
  const check = JSON.stringify({ id: 1, method: 'check', params: withContainer({ meta: 'META' }) });
  end.say(`${check.replace('"META"', deep)}\n`, { id: 2, method: 'prepare', params: {} });
  await settle();
  const [first, second] = end.heard();
  t.like(first, { error: { code: 'PROTOCOL_ERROR' } });
  t.deepEqual(second, { id: 2, result: {} });
});

test('when the source is gone, calls that still wait for their turn are not begun', async (t) => {
  let release!: () => void;
  let late = 0;
  const end = serverEnd({
    prepare: () => new Promise((resolve) => (release = () => resolve({}))),
    begin: () => Promise.resolve((late++, { direct: null })),
  });
  end.say({ id: 1, method: 'prepare', params: {} });
  const begin = {
    shellJob: false,
    tcp: 'keep',
    lazy: false,
    zstd: false,
    dataPort: null,
    start: true,
    keepImages: false,
  };
  end.say({ id: 2, method: 'begin', params: begin });
  await settle();
  end.hangUp();
  t.is(await end.closed, null);
  release();
  await settle();
  t.is(late, 0);
});

test('more calls than any source has under way close the session', async (t) => {
  const end = serverEnd({ prepare: () => new Promise(() => undefined) });
  for (let id = 0; id < 1000; id++) end.say({ id, method: 'prepare', params: {} });
  t.is((await end.closed)?.code, 'PROTOCOL_ERROR');
});
