import { spawn } from 'node:child_process';
import {
  closeSync,
  fstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { startSwrk, type Swrk, type SwrkOptions } from '../../src/criu/swrk.ts';
import { socketPair, socketTypes } from '../../src/linux/socket-pair.ts';
import { type Answer, fakeCriu, type FakeCriu, soundCriu } from './fake-criu.ts';

async function start(
  t: ExecutionContext,
  answers: Record<string, Answer>,
  options: Omit<SwrkOptions, 'criuPath'> = {},
): Promise<{ swrk: Swrk; criu: FakeCriu }> {
  const criu = fakeCriu(t, answers);
  const swrk = await startSwrk({ criuPath: criu.path, ...options });
  t.teardown(swrk.end);
  return { swrk, criu };
}

test('a request is one packet and so is its answer, many times over', async (t) => {
  const { swrk, criu } = await start(t, soundCriu);
  for (let i = 0; i < 50; i++) {
    const answer = await swrk.request({ type: 'VERSION', keep_open: true });
    t.deepEqual(answer.version, { major_number: 4, minor_number: 2, sublevel: 1 });
  }
  t.deepEqual(criu.facts().argv, ['swrk', '3']);
  t.is(criu.requests().length, 50);
});

test('packets of 60 KiB go both ways in one piece', async (t) => {
  const text = 'x'.repeat(60_000);
  const { swrk, criu } = await start(t, { CHECK: { reply: { cr_errmsg: text } } });
  const opts = { images_dir_fd: -1, images_dir: text };
  t.is((await swrk.request({ type: 'CHECK', opts })).cr_errmsg, text);
  t.is(criu.requests()[0]?.opts?.['images_dir'], text);
});

test('every notification is heard in its turn, and the answer comes after the last', async (t) => {
  const notify = [{ script: 'pre-dump' }, { script: 'network-lock' }, { script: 'post-dump', pid: 7 }];
  const { swrk, criu } = await start(t, { DUMP: { notify } });
  const heard: unknown[] = [];
  const answer = await swrk.request({ type: 'DUMP' }, async (script, pid) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    heard.push([script, pid]);
    return true;
  });
  t.true(answer.success);
  t.deepEqual(heard, [
    ['pre-dump', undefined],
    ['network-lock', undefined],
    ['post-dump', 7],
  ]);
  t.deepEqual(criu.requests().slice(1), Array(3).fill({ type: 'NOTIFY', notify_success: true }));
});

test('without anybody to hear them notifications are acknowledged', async (t) => {
  const { swrk } = await start(t, {
    RESTORE: { notify: [{ script: 'post-restore' }], reply: { restore: { pid: 5 } } },
  });
  t.like(await swrk.request({ type: 'RESTORE' }), { success: true, restore: { pid: 5 } });
});

test('a notification refused makes the request fail, with its answer', async (t) => {
  const { swrk, criu } = await start(t, {
    RESTORE: { notify: [{ script: 'post-restore' }], refused: { cr_errno: 5 } },
  });
  const answer = await swrk.request({ type: 'RESTORE' }, () => Promise.resolve(false));
  t.like(answer, { success: false, cr_errno: 5 });
  t.deepEqual(criu.requests()[1], { type: 'NOTIFY', notify_success: false });
});

test('an error in the hearing of a notification ends CRIU, which undoes by that', async (t) => {
  const { swrk } = await start(t, { DUMP: { notify: [{ script: 'post-dump' }] } });
  const request = swrk.request({ type: 'DUMP' }, () => Promise.reject(new Error('devices failed')));
  await t.throwsAsync(request, { message: 'devices failed' });
  await t.throwsAsync(swrk.request({ type: 'DUMP' }), { code: 'CRIU_DIED' });
});

test('an answer is heard though CRIU has ended since and this process had no time', async (t) => {
  const { swrk } = await start(t, { DUMP: {} });
  await sleep(500); // It waits for its request.
  const busy = (ms: number): void => {
    for (const until = performance.now() + ms; performance.now() < until;);
  };
  // What it writes and its end are seen at once, so that all that have ended by then are asked for: CRIU, too, whose answer is not seen yet.
  const other = spawn('echo', { stdio: ['ignore', 'pipe', 'ignore'] });
  const request = new Promise((resolve, reject) => {
    other.stdout.once('data', () => {
      swrk.request({ type: 'DUMP' }).then(resolve, reject);
      busy(500);
      setImmediate(() => busy(100));
    });
  });
  busy(200);
  t.like(await request, { success: true });
});

const death = test.macro({
  exec: async (t, answers: Record<string, Answer>) => {
    const { swrk } = await start(t, answers);
    await t.throwsAsync(
      swrk.request({ type: 'DUMP' }, () => Promise.resolve(true)),
      { code: 'CRIU_DIED' },
    );
    await t.throwsAsync(swrk.request({ type: 'DUMP' }), { code: 'CRIU_DIED' }, 'from now on');
    await swrk.end();
  },
  title: (when) => `a CRIU that dies ${when} fails the request`,
});
test('at once', death, {});
test('in the middle of a request', death, { DUMP: { dies: true } });
test('after a notification', death, { DUMP: { notify: [{ script: 'pre-dump' }], dies: true } });

test('a CRIU that dies while a notification is being heard fails the request before that is over', async (t) => {
  const { swrk } = await start(t, { DUMP: { notify: [{ script: 'pre-dump' }] } });
  let heard!: () => void;
  const hearing = new Promise<void>((resolve) => (heard = resolve));
  const request = swrk.request({ type: 'DUMP' }, () => {
    heard();
    return new Promise(() => undefined);
  });
  await hearing;
  await swrk.end();
  await t.throwsAsync(request, { code: 'CRIU_DIED' });
});

test('bytes that are no message fail the request and end CRIU', async (t) => {
  const { swrk } = await start(t, { DUMP: {}, VERSION: { notify: [], reply: { type: 'DUMP' } } });
  t.is((await swrk.request({ type: 'VERSION' })).type, 'DUMP', 'what comes is the answer, whatever it says');
  const criu = fakeCriu(t, { DUMP: {} });
  writeFileSync(criu.path, readFileSync(criu.path, 'utf8').replaceAll(/"reply":"[^"]*"/g, '"reply":"ffff"'));
  const garbled = await startSwrk({ criuPath: criu.path });
  await t.throwsAsync(garbled.request({ type: 'DUMP' }));
  await t.throwsAsync(garbled.request({ type: 'DUMP' }), { code: 'CRIU_DIED' });
  await garbled.end();
});

test('one request at a time', async (t) => {
  const { swrk } = await start(t, soundCriu);
  const first = swrk.request({ type: 'VERSION' });
  await t.throwsAsync(swrk.request({ type: 'VERSION' }), { message: 'swrk is busy' });
  t.true((await first).success);
});

test('it is ended twice without harm', async (t) => {
  const { swrk } = await start(t, soundCriu);
  await swrk.end();
  await swrk.end();
  t.pass();
});

const missing = test.macro({
  exec: async (t, path: string) => {
    const before = descriptors();
    await t.throwsAsync(startSwrk({ criuPath: path }), { code: 'CRIU_MISSING' });
    await new Promise((resolve) => setImmediate(resolve));
    t.true(descriptors() <= before, 'no descriptor is lost');
  },
  title: (what) => `${what} is a CRIU that is missing`,
});
test.serial('a program that does not exist', missing, '/nonexistent/criu');
test.serial('a name that is not in the PATH', missing, 'phaul-no-such-criu');
test.serial('a file that is not executable', missing, '/etc/passwd');
test.serial('a directory', missing, '/tmp');
test.serial('an empty path', missing, '');

test('a socket becomes standard input, files become descriptors from 4 on', async (t) => {
  const directory = mkdtempSync('/tmp/phaul-swrk-');
  t.teardown(() => rmSync(directory, { recursive: true }));
  const [one, two] = [join(directory, 'one'), join(directory, 'two')];
  for (const path of [one, two]) writeFileSync(path, '');
  const [ours, pages] = socketPair(socketTypes.stream);
  t.teardown(() => closeSync(ours));
  const { swrk, criu } = await start(t, soundCriu, { pages, inherit: [{ path: one }, { path: two }] });
  await swrk.request({ type: 'VERSION' });
  t.regex(criu.facts().stdin, /^socket:/);
  t.deepEqual(criu.facts().inherited, [one, two]);
  t.throws(() => fstatSync(pages), { code: 'EBADF' }, 'and is closed here');
});

test('CRIU runs in a session of its own, out of reach of Ctrl-C, and where it keeps nothing mounted', async (t) => {
  const { swrk, criu } = await start(t, soundCriu);
  await swrk.request({ type: 'VERSION' });
  const pid = pidOf(criu.path);
  const session = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[3];
  t.is(session, String(pid));
  t.is(readlinkSync(`/proc/${pid}/cwd`), '/');
});

function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

function pidOf(program: string): number {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const runs = (pid: string): boolean => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(program);
    } catch {
      return false;
    }
  };
  return Number(pids.find(runs));
}
