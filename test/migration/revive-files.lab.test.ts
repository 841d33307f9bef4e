// Which driver moves which of a container's files, and that all of them arrive as they are; the hosts have their containers on btrfs.
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { portrait } from '../fs-drivers/portrait.ts';
import { makeHardTree } from '../fs-drivers/tree.ts';
import { removeContainer } from '../lab/container.ts';
import { mountDisk } from '../lab/disk.ts';
import type { Host } from '../lab/host.ts';
import { Lab } from '../lab/lab.ts';
import { isRunning } from '../lab/migrate.ts';
import type { NamespaceHost } from '../lab/namespace-host.ts';
import { changedCt101, plainContainer, removePlain } from './containers.ts';
import { difference } from './footprint.ts';
import { look } from './look.ts';
import { phaul, startPhaul } from './phaul.ts';
import { failed, meanwhile } from './stage.ts';
import { comesBack, startWitness } from './witness.ts';

const bundle = '/srv/ct101';
const data = '/srv/ct101-data';
const revive = ['--mode', 'revive', 'ct101', 'b'];

let lab: Lab;
test.before(async () => {
  lab = await Lab.up();
  for (const host of hosts()) {
    await host.sh('mv /srv/rootfs-redis /root');
    await mountDisk(host, { path: '/srv', type: 'btrfs', mebibytes: 1024 });
    await host.sh('mv /root/rootfs-redis /srv');
  }
});
test.afterEach.always(async () => {
  for (const host of hosts()) {
    await removeContainer(host, 'ct101');
    await removePlain(host, 'plain');
    await host.sh('rm -rf /srv/.phaul-left-* /run/outside');
  }
});
test.after.always(() => Lab.down());

const hosts = (): readonly [NamespaceHost, NamespaceHost] => [lab.host('a'), lab.host('b')];

/** Fails unless a tree is the same on both hosts. */
function isSame(t: ExecutionContext, path: string): void {
  const [onA, onB] = hosts().map((host) => portrait(join(host.root, path)));
  t.deepEqual(difference({ [path]: onA! }, { [path]: onB! }), []);
}

// What a copy that goes by names, sizes or whole seconds gets wrong.
const restless = `
with open('/data/short', 'w') as file: file.write(f'{count:08}')
os.utime('/data/short', (1e9, 1e9))
name = f'/data/churn-{count % 50}'
if os.path.isdir(name): os.rmdir(name)
elif os.path.lexists(name): os.unlink(name)
kind = (count // 50 + count) % 5
if kind == 0: os.mkdir(name)
if kind == 1: os.symlink(f'nowhere-{count}', name)
if kind == 2: os.link('/data/short', name)
if kind == 3: os.mkfifo(name)
if kind == 4:
    with open(name, 'w') as file: file.truncate(count * 1000)
os.chmod('/data/log', 0o600 + count % 64)`;

const byDriver: [title: string, subvolumes: string[], drivers: [driver: string, trees: string[]][]][] = [
  ['in plain directories', [], [['rsync', [bundle, data]]]],
  [
    'with the bundle a subvolume',
    [bundle],
    [
      ['btrfs', [bundle]],
      ['rsync', [data]],
    ],
  ],
  ['with subvolumes for all', [bundle, data], [['btrfs', [bundle, data]]]],
];
for (const [title, subvolumes, drivers] of byDriver) {
  test.serial(`restless files arrive exactly as they are, ${title}`, async (t) => {
    const [a] = hosts();
    await startWitness(lab, { between: restless, subvolumes });
    await makeHardTree(join(a.root, data, 'hard'));
    const { summary, exitCode, text } = await phaul(a, ['--no-start', ...revive]);
    t.is(exitCode, 0, text);
    t.deepEqual(
      summary?.files.map(({ driver, trees }) => [driver, trees]),
      drivers,
    );
    for (const path of [bundle, data]) isSame(t, path);
  });

  test.serial(`live mode takes the same drivers for files ${title}`, async (t) => {
    const [a, b] = hosts();
    await changedCt101(a, ['tail', '-f', '/dev/null'], () => undefined, subvolumes);
    await makeHardTree(join(a.root, data, 'hard'));
    // CRIU works in the source's /tmp after the last sync.
    const before = [bundle, data].map((path) => look(join(a.root, path)));
    const { summary, exitCode, text } = await phaul(a, ['ct101', 'b']);
    t.is(exitCode, 0, text);
    t.deepEqual(
      summary?.files.map(({ driver, trees }) => [driver, trees]),
      drivers,
    );
    t.true(await isRunning(b, 'ct101'));
    const after = [bundle, data].map((path) => look(join(b.root, path)));
    t.deepEqual(difference({ files: before.flat() }, { files: after.flat() }), []);
  });
}

/** What lies beside the containers, hidden files too. */
const beside = (host: Host): Promise<string> => host.sh('ls -A /srv; btrfs subvolume list /srv | wc -l');

const subvolumes = [bundle, data];
const writesMuch = `
with open('/data/last', 'wb') as file:
    for _ in range(64): file.write(os.urandom(2**20))`;

test.serial('subvolumes: it ends at once on the target', async (t) => {
  for (const host of hosts()) await host.write('/run/outside', host.name);
  await startWitness(lab, {
    subvolumes,
    atStart: "if open('/outside').read() != 'a': sys.exit(1)",
    edit: ({ mounts }) =>
      mounts.push({ destination: '/outside', type: 'bind', source: '/run/outside', options: ['bind', 'ro'] }),
  });
  const before = await Promise.all(hosts().map(beside));
  const end = await comesBack(t, lab, 'a b a', () => phaul(lab.host('a'), revive));
  failed(t, end, { code: 'START_FAILED', act: 'commit', host: 'target' });
  t.deepEqual(await Promise.all(hosts().map(beside)), before);
});

test.serial('subvolumes: SIGINT in the restore', async (t) => {
  const b = lab.host('b');
  await startWitness(lab, { subvolumes });
  const before = await Promise.all(hosts().map(beside));
  // The container on the target is made then.
  await b.write(
    '/usr/local/bin/runc',
    '#!/bin/sh\ncase "$*" in *" create "*) sleep 1; esac\nexec /usr/sbin/runc "$@"\n',
  );
  const end = await comesBack(t, lab, 'a a', () =>
    meanwhile(b, 'chmod +x /usr/local/bin/runc', 'rm /usr/local/bin/runc', async () => {
      const begin = { type: 'act-begin', act: 'restore' };
      const run = startPhaul(lab.host('a'), revive, 'migrate', [begin]);
      await run.event(begin);
      run.kill('SIGINT');
      await run.goOn();
      return run.ended;
    }),
  );
  failed(t, end, { code: 'CANCELLED', act: 'restore' });
  t.deepEqual(await Promise.all(hosts().map(beside)), before);
});

for (const [title, disturb] of [
  ['phaul is killed', { host: 'a', how: 'phaul' }],
  ['ssh is killed', { host: 'a', how: 'pkill -KILL -x ssh' }],
  ['the service is killed', { host: 'b', how: "pkill -KILL -f '^node .*phaul.* service'" }],
] as const)
  test.serial(`subvolumes: ${title} in the final sync`, async (t) => {
    await startWitness(lab, { subvolumes, atEnd: writesMuch });
    const before = await Promise.all(hosts().map(beside));
    await comesBack(t, lab, 'a a', async () => {
      // The sync has begun, and can do nothing until then.
      const begin = { type: 'act-begin', act: 'transfer' };
      const run = startPhaul(lab.host('a'), revive, 'migrate', [begin]);
      await run.event(begin);
      if (disturb.how === 'phaul') run.kill('SIGKILL');
      else await lab.host(disturb.host).sh(disturb.how).then(run.goOn);
      t.not((await run.ended).exitCode, 0);
    });
    t.deepEqual(await Promise.all(hosts().map(beside)), before);
  });

const sshfs = 'mkdir -p /mnt/seen; sshfs -o allow_other,StrictHostKeyChecking=no c:/srv/export /mnt/seen';
const unmount = 'umount -l /mnt/seen';

/** A container that has /mnt/seen mounted, moved there and back by both modes; gives the drivers. */
async function movedWith(t: ExecutionContext, mode: string): Promise<string[]> {
  const [a] = hosts();
  await plainContainer(a, {
    id: 'plain',
    args: ['tail', '-f', '/dev/null'],
    edit: ({ mounts }) =>
      mounts.push({ destination: '/mnt', type: 'bind', source: '/mnt/seen', options: ['bind', 'rw'] }),
  });
  const args = ['--force', '--stop-timeout', '0.1', '--mode', mode, 'plain', 'b'];
  const { summary, exitCode, text } = await phaul(a, args);
  t.is(exitCode, 0, text);
  return summary!.files.map(({ driver, trees }) => [driver, ...[...trees].sort()].join(' ')).sort();
}

for (const mode of ['live', 'revive']) {
  test.serial(`what both hosts see anyway is not copied: ${mode}`, async (t) => {
    const [a, b] = hosts();
    await lab.host('c').sh('mkdir -p /srv/export; echo seen by both >/srv/export/file');
    await meanwhile(a, sshfs, unmount, () =>
      meanwhile(b, sshfs, unmount, async () => {
        t.deepEqual(await movedWith(t, mode), ['rsync /srv/plain', 'shared /mnt/seen']);
        t.is(await b.sh('runc exec plain cat /mnt/file'), 'seen by both');
        await Promise.all(hosts().map((host) => removePlain(host, 'plain')));
        t.is(await lab.host('c').sh('ls -A /srv/export'), 'file');
      }),
    );
  });

  test.serial(`what only the source sees is copied: ${mode}`, async (t) => {
    const [a, b] = hosts();
    await lab.host('c').sh('mkdir -p /srv/export; echo seen by one >/srv/export/file');
    await meanwhile(a, sshfs, unmount, async () => {
      await b.sh('rm -rf /mnt/seen');
      t.deepEqual(await movedWith(t, mode), ['rsync /mnt/seen /srv/plain']);
      t.is(await b.sh('runc exec plain cat /mnt/file'), 'seen by one');
      await Promise.all(hosts().map((host) => removePlain(host, 'plain')));
      t.is(await lab.host('c').sh('ls -A /srv/export'), 'file');
    });
    await b.sh('rm -rf /mnt/seen');
  });
}
