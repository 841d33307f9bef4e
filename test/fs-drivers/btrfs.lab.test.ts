// What a user gets whose containers are subvolumes of btrfs on both hosts.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { mountDisk } from '../lab/disk.ts';
import type { Host } from '../lab/host.ts';
import { Lab } from '../lab/lab.ts';
import { isRunning } from '../lab/migrate.ts';
import type { NamespaceHost } from '../lab/namespace-host.ts';
import type { Config } from '../migration/containers.ts';
import { phaul, startPhaul } from '../migration/phaul.ts';
import { portrait } from './portrait.ts';
import { makeHardTree } from './tree.ts';

let lab: Lab;
test.before(async () => {
  lab = await Lab.up();
  for (const host of hosts()) await mountDisk(host, { path: '/btrfs', type: 'btrfs', mebibytes: 1024 });
});
test.beforeEach(startCounting);
test.after.always(() => Lab.down());

const hosts = (): readonly [NamespaceHost, NamespaceHost] => [lab.host('a'), lab.host('b')];
const trees = ['/btrfs/ct', '/btrfs/data'];

// Counts in a file that it holds open, until it is told to end.
const counts = `
exec >>/data/log
trap 'echo ended; exit' TERM
n=0
while :; do n=$((n + 1)); echo $n; sleep 0.02; done`;

/** A container on a whose bundle and data are a subvolume each, and nothing on b. */
async function startCounting(): Promise<void> {
  const [a] = hosts();
  for (const host of hosts())
    await host.sh('runc delete --force ct; rm -rf /btrfs/ct /btrfs/data /btrfs/.phaul-left-*');
  await a.sh(`
    btrfs subvolume create /btrfs/ct; btrfs subvolume create /btrfs/data
    cp -a /srv/rootfs-redis /btrfs/ct/rootfs; runc spec --bundle /btrfs/ct`);
  const config = JSON.parse(await a.read('/btrfs/ct/config.json')) as Config;
  config.process.terminal = false;
  config.process.args = ['busybox', 'sh', '-c', counts];
  config.mounts.push({ destination: '/data', type: 'bind', source: '/btrfs/data', options: ['bind', 'rw'] });
  await a.write('/btrfs/ct/config.json', JSON.stringify(config));
  await a.sh('runc run --detach --bundle /btrfs/ct ct </dev/null >/dev/null 2>&1');
}

/** Moves it; both trees go by btrfs. */
async function moved(t: ExecutionContext, from: Host, to: Host, mode: string): Promise<void> {
  const { exitCode, summary, text } = await phaul(from, ['--mode', mode, 'ct', to.name]);
  t.is(exitCode, 0, text);
  t.deepEqual(
    summary?.files.map(({ driver, trees: taken }) => [driver, taken]),
    [['btrfs', trees]],
  );
  t.deepEqual([await isRunning(from, 'ct'), await isRunning(to, 'ct')], [false, true]);
  const left = trees.map((tree) => tree.replace('/btrfs/', '.phaul-left-'));
  t.deepEqual(await beside(from), [...left, 'ct', 'data']);
  t.deepEqual(await beside(to), ['ct', 'data']);
}

const beside = async (host: Host): Promise<string[]> => (await host.sh('ls -A /btrfs')).split('\n');
const log = async (host: Host): Promise<string[]> =>
  (await host.read('/btrfs/data/log')).trimEnd().split('\n');

test.serial('a container that runs on btrfs moves to b and back with all its files', async (t) => {
  const [a, b] = hosts();
  await makeHardTree(join(a.root, 'btrfs/data/hard'));
  const files = portrait(join(a.root, 'btrfs/data/hard'));
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    await moved(t, from, to, 'live');
    t.deepEqual(portrait(join(to.root, 'btrfs/data/hard')), files);
  }
  const lines = await log(a);
  t.deepEqual(
    lines,
    lines.map((_, index) => String(index + 1)),
  );
});

test.serial('a container that is stopped and started finds the last word of the one before', async (t) => {
  const [a, b] = hosts();
  await moved(t, a, b, 'revive');
  const next = async (): Promise<string | undefined> => {
    const lines = await log(b);
    return lines[lines.indexOf('ended') + 1];
  };
  while ((await next()) === undefined) await sleep(50);
  t.is(await next(), '1');
});

test.serial('killed in the middle, phaul leaves nothing when it has been there again', async (t) => {
  const [a, b] = hosts();
  const run = startPhaul(a, ['--mode', 'live', 'ct', 'b']);
  await run.event({ type: 'act-begin', act: 'iterate' });
  run.kill('SIGKILL');
  await run.ended;
  t.true(await isRunning(a, 'ct'));
  // The target undoes by itself; on the source the next one does.
  t.is((await phaul(a, ['--dry-run', '--force', '--mode', 'live', 'ct', 'b'])).exitCode, 0);
  t.deepEqual(await beside(a), ['ct', 'data']);
  for (let tries = 0; tries < 600 && (await b.sh('ls -A /btrfs')) !== ''; tries++) await sleep(100);
  t.is(await b.sh('ls -A /btrfs'), '');
});

test.serial('a tree with a subvolume in it goes by rsync', async (t) => {
  const [a, b] = hosts();
  await a.sh('btrfs subvolume create /btrfs/data/inner; echo kept >/btrfs/data/inner/file');
  const { exitCode, summary, text } = await phaul(a, ['--mode', 'live', 'ct', 'b']);
  t.is(exitCode, 0, text);
  t.deepEqual(
    summary?.files.map(({ driver, trees: taken }) => [driver, taken]),
    [
      ['btrfs', ['/btrfs/ct']],
      ['rsync', ['/btrfs/data']],
    ],
  );
  t.is(await b.sh('cat /btrfs/data/inner/file'), 'kept');
});
