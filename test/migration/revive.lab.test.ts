// What a user gets from `phaul migrate --mode revive`.
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { createContainer, ct101, removeContainer } from '../lab/container.ts';
import type { Host } from '../lab/host.ts';
import { Lab } from '../lab/lab.ts';
import { isRunning } from '../lab/migrate.ts';
import { redis, startRedis } from '../lab/redis.ts';
import { plainContainer, removePlain } from './containers.ts';
import { difference, footprint, isAsBefore } from './footprint.ts';
import { type PhaulEnd, phaul } from './phaul.ts';
import { unharmed } from './stage.ts';
import { logOf, ranOn, startWitness } from './witness.ts';

let lab: Lab;
test.before(async () => {
  lab = await Lab.up();
});
test.afterEach.always(clearAway);
test.after.always(() => Lab.down());

const hosts = (): readonly [Host, Host, Host] => [lab.host('a'), lab.host('b'), lab.host('c')];

async function clearAway(): Promise<void> {
  for (const host of [lab.host('a'), lab.host('b')]) {
    for (const id of ['plain', 'other', 'ct101']) await removePlain(host, id);
    await removeContainer(host, 'ct101');
    await host.sh('rm -rf /srv/.phaul-left-* /run/witness');
  }
}

/** Moves it; fails if that fails. */
async function moved(t: ExecutionContext, from: Host, args: readonly string[]): Promise<PhaulEnd> {
  const end = await phaul(from, ['--mode', 'revive', ...args]);
  t.is(end.exitCode, 0, end.text);
  return end;
}

async function runsOnlyOn(t: ExecutionContext, host: Host, other: Host, id = 'ct101'): Promise<void> {
  t.deepEqual([await isRunning(host, id), await isRunning(other, id)], [true, false]);
}

/** A Redis that keeps its data in files when it is asked to end. */
async function startLastingRedis(host: Host): Promise<void> {
  const args = 'redis-server --bind 0.0.0.0 --protected-mode no --dir /data --save 3600 1000000'.split(' ');
  await createContainer(host, { ...ct101, args });
  await answers(host);
}

async function answers(host: Host): Promise<void> {
  while ((await redis(host, 'PING')) !== 'PONG') await sleep(20);
}

test.serial('Redis moves to b and back with all its data, and leaves nothing behind but files', async (t) => {
  const [a, b, c] = hosts();
  const [emptyA, emptyB] = [await footprint(a), await footprint(b)];
  await startLastingRedis(a);
  await redis(c, 'SET', 'key', 'kept');

  const there = await moved(t, a, ['ct101', 'b']);
  await runsOnlyOn(t, b, a);
  await answers(c);
  t.is(await redis(c, 'GET', 'key'), 'kept');
  const left = difference(emptyA, await footprint(a)).filter((line) => !line.startsWith('new files: '));
  t.deepEqual(left, []);
  t.is(
    await a.sh('ls -A /srv'),
    '.phaul-left-ct101\n.phaul-left-ct101-data\nct101\nct101-data\nct101.log\nrootfs-redis',
  );

  await redis(c, 'SET', 'key', 'changed');
  const back = await moved(t, b, ['ct101', 'a']);
  await runsOnlyOn(t, a, b);
  await answers(c);
  t.is(await redis(c, 'GET', 'key'), 'changed');
  for (const { summary } of [there, back]) {
    t.like(summary, {
      container: 'ct101',
      mode: 'revive',
      htype: 'runc',
      stop: { signal: 'SIGTERM', killed: false },
      pages: 0,
      startWith: null,
      warnings: [],
    });
    t.deepEqual(
      summary?.acts.map(({ act }) => act),
      ['preflight', 'prepare', 'iterate', 'freeze', 'transfer', 'restore', 'commit', 'release'],
    );
    t.deepEqual(
      summary?.files.flatMap(({ trees }) => trees),
      ['/srv/ct101', '/srv/ct101-data'],
    );
    t.true(summary!.freezeMs > 0 && summary!.pid! > 0 && summary!.stop!.stopMs > 0);
    const { bytes, iterations } = summary!;
    t.like(bytes, { mem: 0, images: 0 });
    t.true(bytes.firstCopy > 0 && bytes.lastSync > 0);
    const rounds = iterations.reduce((sum, { fsBytes }) => sum + fsBytes, 0);
    t.is(bytes.fs, bytes.firstCopy + rounds + bytes.lastSync);
  }
  t.true(back.summary!.bytes.firstCopy < there.summary!.bytes.firstCopy / 10, 'only what changed goes back');
  await clearAway();
  await Promise.all([isAsBefore(t, a, emptyA), isAsBefore(t, b, emptyB)]);
});

test.serial('a program can follow the events, and people the text', async (t) => {
  const [a] = hosts();
  await startWitness(lab);
  const { events, text, summary } = await moved(t, a, ['ct101', 'b']);
  t.deepEqual(
    events
      .filter(({ type }) => !['act-end', 'log', 'iteration', 'copying'].includes(type))
      .map((event) => (event.type === 'act-begin' ? event.act : event.type)),
    `start preflight files hosts prepare iterate decision freeze stopped transfer
    restore commit running release result`.split(/\s+/),
  );
  const types = events.map(({ type }) => type);
  t.true(types.indexOf('iteration') < types.indexOf('decision'));
  t.like(
    events.find(({ type }) => type === 'running'),
    { freezeMs: summary!.freezeMs, host: 'target' },
  );
  for (const line of [
    /^ct101 → b \(revive\)$/m,
    /^rsync for \/srv\/ct101, \/srv\/ct101-data: ./m,
    /\biteration 1: .* of changed files, \d+ ms[;\n]/,
    /\bthe last iteration moved only /,
    /\bit ended after SIGTERM within \d+ ms[;\n]/,
    /\bit runs on the target, after standing still for \d+ ms[;\n]/,
    /^ct101 runs on b \(pid \d+ there\)\. From its end here to its start there: \d+ ms\.$/m,
    /^On the source: it ended after SIGTERM within \d+ ms\.$/m,
    /^Moved: .* of files \(first copy .*; while it was stopped .*\)\.$/m,
    /^Iterations: \S+ .* B; the last iteration moved only .*\.$/m,
  ])
    t.regex(text, line);
});

test.serial('it never runs twice, and goes on with what it wrote in its last moment', async (t) => {
  const [a, b] = hosts();
  await startWitness(lab);
  await moved(t, a, ['ct101', 'b']);
  t.is(await ranOn(t, lab), 'a b');
  t.deepEqual(await logOf(t, b), ['started', 'ended by SIGTERM', 'started']);
});

test.serial('a container that does not end when asked is killed, which is said', async (t) => {
  const [a, b] = hosts();
  // As process 1 it ignores what it does not handle.
  await plainContainer(a, { id: 'plain', args: ['tail', '-f', '/dev/null'] });
  const { summary, text } = await moved(t, a, ['--stop-timeout', '0.3', 'plain', 'b']);
  await runsOnlyOn(t, b, a, 'plain');
  t.like(summary?.stop, { signal: 'SIGTERM', killed: true });
  t.true(summary!.stop!.stopMs >= 300);
  t.regex(text, /^On the source: it did not end after SIGTERM and was killed after \d+ ms\.$/m);
});

for (const name of ['SIGUSR1', '10'])
  test.serial(`the stop signal that the image names is sent: ${name}`, async (t) => {
    const [a, b] = hosts();
    await startWitness(lab, {
      edit: (config) => (config.annotations = { 'org.opencontainers.image.stopSignal': name }),
    });
    const { summary } = await moved(t, a, ['--no-start', 'ct101', 'b']);
    t.like(summary?.stop, { signal: 'SIGUSR1', killed: false });
    t.deepEqual(await logOf(t, b), ['started', 'ended by SIGUSR1']);
  });

test.serial('--no-start leaves it complete and stopped, and says how to start it', async (t) => {
  const [a, b, c] = hosts();
  await startLastingRedis(a);
  await redis(c, 'SET', 'key', 'kept');
  const { summary, events, text } = await moved(t, a, ['--no-start', 'ct101', 'b']);
  t.is(summary?.pid, null);
  t.deepEqual([await isRunning(a, 'ct101'), await isRunning(b, 'ct101')], [false, false]);
  t.is(await a.sh('runc list -q'), '');
  t.true(events.some(({ type }) => type === 'left-stopped'));
  t.regex(text, /^ct101 is complete on b and stopped there\. Start it there with: runc start ct101$/m);
  await b.sh(summary?.startWith ?? 'false');
  await answers(c);
  t.is(await redis(c, 'GET', 'key'), 'kept');
});

test.serial('another name on the target', async (t) => {
  const [a, b] = hosts();
  await startWitness(lab);
  const { summary } = await moved(t, a, ['--dst-id', 'other', 'ct101', 'b']);
  t.is(summary?.container, 'other');
  t.deepEqual([await isRunning(a, 'ct101'), await isRunning(b, 'other')], [false, true]);
  t.is(await ranOn(t, lab), 'a b');
});

const steadily = `
with open('/data/file', 'ab') as file: file.write(os.urandom(65536))`;
const evermore = `
with open('/data/file', 'ab') as file: file.write(os.urandom(256 * count))`;

const limits: [title: string, between: string, args: string[], reason: RegExp, rounds: number | null][] = [
  ['what is left is little: --enough', steadily, ['--enough', '100M'], /moved only \d/, 1],
  [
    'the limit: --max-iterations',
    steadily,
    ['--enough', '0', '--max-growth', '10000', '--max-iterations', '3'],
    /^3 is the limit of iterations$/,
    3,
  ],
  [
    'no iterations: --max-iterations 0',
    steadily,
    ['--max-iterations', '0'],
    /^no iterations were asked for$/,
    0,
  ],
  [
    'they grow: --max-growth',
    evermore,
    ['--enough', '0', '--max-growth', '0', '--max-iterations', '50'],
    /no longer shrink/,
    null,
  ],
];
for (const [title, between, args, reason, rounds] of limits)
  test.serial(`iterations end because ${title}`, async (t) => {
    const [a] = hosts();
    await startWitness(lab, { between });
    const { events, summary } = await moved(t, a, ['--no-start', ...args, 'ct101', 'b']);
    const [decision, ...more] = events.flatMap((event) => (event.type === 'decision' ? [event.reason] : []));
    t.regex(decision ?? '', reason);
    t.deepEqual(more, []);
    const bytes = summary!.iterations.map(({ changedBytes }) => changedBytes);
    t.is(bytes.length, rounds ?? bytes.length, bytes.join(' '));
    t.true(bytes.every((each) => each > 0));
    t.true(summary!.iterations.every(({ fsBytes, changedBytes }) => fsBytes > changedBytes));
    t.is(summary!.iterations.length, events.filter(({ type }) => type === 'iteration').length);
  });

test.serial('a container that writes nothing needs one iteration, of nothing', async (t) => {
  const [a] = hosts();
  await plainContainer(a, { id: 'plain', args: ['tail', '-f', '/dev/null'] });
  const { summary, events } = await moved(t, a, ['--stop-timeout', '0.1', 'plain', 'b']);
  t.like(summary?.iterations, [{ number: 1, pages: 0, changedBytes: 0, files: 0 }]);
  t.like(
    events.find(({ type }) => type === 'decision'),
    { reason: 'the last iteration moved only 0 B' },
  );
});

test.serial('check and --dry-run change nothing', async (t) => {
  const [a] = hosts();
  await startRedis(a);
  await unharmed(t, lab, async () => {
    for (const [command, ...more] of [['check'], ['migrate', '--dry-run']] as const) {
      const { exitCode, text } = await phaul(a, [...more, '--mode', 'revive', 'ct101', 'b'], command);
      t.is(exitCode, 0, text);
      t.regex(text, /^Nothing refuses this migration to b\.$/m);
      t.regex(text, /^It would move files: \/srv\/ct101, \/srv\/ct101-data by rsync; devices: network\.$/m);
    }
  });
});
