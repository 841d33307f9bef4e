// What a user gets from `phaul migrate --mode live`.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { makeHardTree } from '../fs-drivers/tree.ts';
import { removeContainer } from '../lab/container.ts';
import type { Host } from '../lab/host.ts';
import { Lab } from '../lab/lab.ts';
import { isRunning } from '../lab/migrate.ts';
import type { NamespaceHost } from '../lab/namespace-host.ts';
import { redis, startRedis } from '../lab/redis.ts';
import { startTraffic } from '../lab/traffic.ts';
import { plainContainer, removePlain } from './containers.ts';
import { difference, footprint, isAsBefore } from './footprint.ts';
import { look } from './look.ts';
import { type PhaulEnd, phaul, startPhaul } from './phaul.ts';
import { meanwhile, unharmed } from './stage.ts';

let lab: Lab;
test.before(async () => {
  lab = await Lab.up();
});
test.afterEach.always(clearAway);
test.after.always(() => Lab.down());

const hosts = (): readonly [NamespaceHost, NamespaceHost, NamespaceHost] => [
  lab.host('a'),
  lab.host('b'),
  lab.host('c'),
];

/** Removes every container of these tests. */
async function clearAway(): Promise<void> {
  for (const host of [lab.host('a'), lab.host('b')]) {
    for (const id of ['plain', 'one', 'two', 'other']) await removePlain(host, id);
    await removeContainer(host, 'ct101');
    await host.sh('rm -rf /root/images /root/log /srv/.phaul-left-*');
  }
}

/** Moves it; fails if that fails. */
async function moved(t: ExecutionContext, from: Host, args: readonly string[]): Promise<PhaulEnd> {
  const end = await phaul(from, args);
  t.is(end.exitCode, 0, end.text);
  return end;
}

async function runsOnlyOn(t: ExecutionContext, host: Host, other: Host, id = 'ct101'): Promise<void> {
  t.deepEqual([await isRunning(host, id), await isRunning(other, id)], [true, false]);
}

/** The directories that runc hides from ct101. */
async function masksIn(host: Host): Promise<string[]> {
  const lines = (await host.sh('runc exec ct101 cat /proc/self/mountinfo')).split('\n');
  return lines.flatMap((line) => /^(?:\S+ ){4}(\S+ ro,\S+) .*- tmpfs /.exec(line)?.[1] ?? []).sort();
}

test.serial('Redis, its client and its files move to b and back, and leave nothing behind', async (t) => {
  const [a, b, c] = hosts();
  const [emptyA, emptyB] = [await footprint(a), await footprint(b)];
  await startRedis(a, { mebibytes: 8 });
  await makeHardTree(join(a.root, 'srv/ct101-data'));
  await a.sh('runc exec ct101 sh -c "echo in the container >/root/written; rm /etc/group"');
  const files = { data: look(join(a.root, 'srv/ct101-data')), root: look(join(a.root, 'srv/ct101')) };
  const keys = await redis(c, 'DBSIZE');
  const masks = await masksIn(a);
  t.true(masks.includes('/sys/firmware ro,relatime'));

  const traffic = await startTraffic(c);
  const there = await moved(t, a, ['--mode', 'live', 'ct101', 'b']);
  await runsOnlyOn(t, b, a);
  const filesOnB = {
    data: look(join(b.root, 'srv/ct101-data')),
    root: look(join(b.root, 'srv/ct101')),
  };
  t.deepEqual(difference(files, filesOnB), []);
  t.deepEqual(await masksIn(b), masks);
  // On a the container's files stay, and nothing else but their marks.
  const left = difference(emptyA, await footprint(a)).filter((line) => !line.startsWith('new files: '));
  t.deepEqual(left, []);
  t.regex(await a.sh('ls -A /srv'), /^(\S*ct101\S*\n)+rootfs-redis$/);

  const back = await moved(t, b, ['ct101', 'a']);
  await runsOnlyOn(t, a, b);
  t.deepEqual(await masksIn(a), masks);
  const report = await traffic.stop();
  t.like(report, { errors: [], lost: 0, doubled: 0 });
  t.true(report.operations > 100);
  t.is(await redis(c, 'DBSIZE'), String(Number(keys) + 1), 'and lab:counter');

  for (const { summary, events } of [there, back]) {
    t.deepEqual(
      summary?.acts.map(({ act }) => act),
      ['preflight', 'prepare', 'iterate', 'freeze', 'transfer', 'restore', 'commit', 'release', 'fill'],
    );
    t.like(summary, { container: 'ct101', mode: 'live', htype: 'runc', stop: null, iterations: [] });
    t.like(summary?.files, [{ driver: 'rsync', trees: ['/srv/ct101', '/srv/ct101-data'] }]);
    t.true(summary!.pages > 2048 && summary!.bytes.mem === summary!.pages * 4096);
    t.true(summary!.freezeMs > 0);
    t.is(events.filter((event) => event.type === 'decision').length, 1, 'said once');
  }
  await clearAway();
  await Promise.all([isAsBefore(t, a, emptyA), isAsBefore(t, b, emptyB)]);
});

test.serial('what CRIU makes among the files for a moment is no change of theirs', async (t) => {
  const [a] = hosts();
  await startRedis(a);
  // Whatever has changed so shortly before the first copy is looked at once more.
  await sleep(2500);
  // Longer than CRIU takes to dump the mounts: it has made its directory, and removed it, before find looks.
  const slow =
    'printf \'#!/bin/sh\\nsleep 0.5; exec /usr/bin/find "$@"\\n\' >/usr/local/sbin/find; chmod +x /usr/local/sbin/find';
  await meanwhile(a, slow, 'rm /usr/local/sbin/find', async () => {
    const { summary } = await moved(t, a, ['ct101', 'b']);
    t.is(summary?.bytes.lastSync, 0);
  });
});

test.serial('what goes by itself just when phaul removes it is gone, and no failure', async (t) => {
  const [a] = hosts();
  await startRedis(a);
  const before = `printf '#!/bin/sh\\ncase "$1 $2" in "link delete" | "netns delete") /sbin/ip "$@";; esac; exec /sbin/ip "$@"\\n' >/usr/local/sbin/ip
    chmod +x /usr/local/sbin/ip`;
  await meanwhile(a, before, 'rm /usr/local/sbin/ip', async () => {
    const { text } = await moved(t, a, ['ct101', 'b']);
    t.notRegex(text, /Cannot/);
  });
  t.is(await a.sh('ip netns list; ip -o link show type veth | grep ct101 || true'), '');
});

test.serial('runc on the target treats it as its own', async (t) => {
  const [a, b] = hosts();
  await startRedis(a);
  const { summary } = await moved(t, a, ['ct101', 'b']);
  const [listed] = JSON.parse(await b.sh('runc list --format json')) as Record<string, unknown>[];
  t.like(listed, { id: 'ct101', pid: summary?.pid, status: 'running', bundle: '/srv/ct101' });
  t.is(await b.sh('runc exec ct101 hostname'), 'ct101');
  t.regex(await b.sh('runc ps ct101'), /redis-server/);
  t.regex(await b.sh('runc exec ct101 cat /proc/1/cgroup'), /\/ct101/);
  await b.sh('runc pause ct101; runc resume ct101');
  t.is(await redis(b, 'PING'), 'PONG');
  await b.sh('runc kill ct101 KILL; until runc delete ct101 2>/dev/null; do sleep 0.05; done');
  t.is(await b.sh('runc list -q'), '');
  t.is(await b.sh('find /sys/fs/cgroup -name ct101'), '');
});

test.serial('check and --dry-run change nothing', async (t) => {
  const [a] = hosts();
  await startRedis(a);
  const checks = [
    { command: 'migrate', args: ['--dry-run', 'ct101', 'b'] },
    { command: 'check', args: ['ct101', 'b'] },
    { command: 'check', args: ['ct101'] },
    { command: 'check', args: [] },
  ];
  await unharmed(t, lab, async () => {
    for (const { command, args } of checks) {
      const { exitCode, text } = await phaul(a, args, command);
      t.is(exitCode, 0, text);
      t.regex(text, /Nothing (here )?refuses/);
    }
  });
});

test.serial('another name, over files that are there already, with a log and the images kept', async (t) => {
  const [a, b] = hosts();
  await startRedis(a);
  await Promise.all([a, b].map((host) => host.sh('mkdir /root/images')));
  await b.sh(
    'mkdir -p /srv/ct101/rootfs/etc; echo old >/srv/ct101/rootfs/etc/group; echo x >/srv/ct101/extra',
  );
  const more = ['--keep-images', '--img-path', '/root/images', '--log-file', '/root/log', '--force'];
  const { summary, events } = await moved(t, a, [...more, '--dst-id', 'other', 'ct101', 'b']);
  t.is(summary?.container, 'other');
  t.true(await isRunning(b, 'other'));
  t.false(await isRunning(a, 'ct101'));
  t.is(await b.sh('runc exec other cat /etc/group; ls /srv/ct101'), 'root:x:0:\nconfig.json\nrootfs');
  t.is(await b.sh('runc ps --format json other'), `[${summary?.pid}]`);
  t.is(await b.sh('find /sys/fs/cgroup -name ct101'), '');
  t.regex(await a.sh('ls /root/images/*/1'), /inventory\.img/);
  t.regex(await b.sh('ls /root/images/*/checkpoint'), /inventory\.img[^]*pages-/);
  const logged = (await a.read('/root/log')).trimEnd().split('\n');
  t.deepEqual(
    logged.map((line) => JSON.parse(line) as object),
    events as object[],
  );
  t.is(await b.sh('ls /run/phaul'), '');
});

test.serial('--no-start leaves it stopped, and SIGCONT lets it go', async (t) => {
  const [a, b, c] = hosts();
  await startRedis(a);
  await redis(c, 'SET', 'key', 'kept');
  const { summary } = await moved(t, a, ['--no-start', 'ct101', 'b']);
  t.is(await b.sh(`ps -o stat= -p ${summary?.pid} | cut -c1`), 'T');
  await b.sh(`kill -CONT ${summary?.pid}`);
  t.is(await redis(c, 'GET', 'key'), 'kept');
});

test.serial('--no-tcp closes the connections; the data is there', async (t) => {
  const [a, , c] = hosts();
  await startRedis(a);
  await redis(c, 'SET', 'key', 'kept');
  const subscriber = c.spawn(['redis-cli', '-h', '10.77.0.101', 'SUBSCRIBE', 'news'], { check: false });
  while ((await redis(c, 'PUBSUB', 'CHANNELS')) !== 'news');
  await moved(t, a, ['--no-tcp', 'ct101', 'b']);
  t.is(await redis(c, 'GET', 'key'), 'kept');
  t.is(await redis(c, 'PUBSUB', 'CHANNELS'), '');
  subscriber.kill('SIGKILL');
});

test.serial(
  'a container of the default runc spec, with two processes, a Unix socket and a memory limit',
  async (t) => {
    const [a, b] = hosts();
    const program = `
import os, socket, time
ours, theirs = socket.socketpair()
if os.fork() == 0:
    while True: theirs.send(theirs.recv(16))
count = 0
while True:
    count += 1
    ours.send(str(count).encode())
    if int(ours.recv(16)) != count: break
    with open('/dev/shm/count', 'w') as file: file.write(str(count))
    time.sleep(0.01)
`;
    await plainContainer(a, {
      id: 'plain',
      args: ['python3', '-c', program],
      edit: ({ linux }) => (linux.resources = { memory: { limit: 64 * 2 ** 20 }, pids: { limit: 50 } }),
    });
    const count = async (host: Host): Promise<number> =>
      Number(await host.sh('runc exec plain cat /dev/shm/count 2>/dev/null || echo 0'));
    const goesOn = async (host: Host): Promise<number> => {
      for (const before = await count(host); ;) {
        const now = await count(host);
        if (now > before) return now;
      }
    };
    const onA = await goesOn(a);
    const limits =
      'find /sys/fs/cgroup -path "*/plain/memory.limit_in_bytes" -o -path "*/plain/memory.max" -o -path "*/plain/pids.max"';
    const limitsOnA = await a.sh(`cat $(${limits} | sort)`);
    t.true(limitsOnA.includes(String(64 * 2 ** 20)));
    await moved(t, a, ['plain', 'b']);
    await runsOnlyOn(t, b, a, 'plain');
    t.true((await goesOn(b)) > onA);
    t.is(await b.sh(`cat $(${limits} | sort)`), limitsOnA);
    t.is(
      await b.sh('runc exec plain sh -c "ls /sys/fs/cgroup/memory | grep -c ^memory.limit_in_bytes || true"'),
      '1',
    );
    await removePlain(a, 'plain');
    await removePlain(b, 'plain');
  },
);

// Not busybox's sleep: CRIU lets a nanosleep end with EINTR, upon which that program ends.
const idle = ['tail', '-f', '/dev/null'];

test.serial(
  'files of all kinds in memory of its own arrive as they were, and nobody starts gzip',
  async (t) => {
    const [a, b] = hosts();
    await makeHardTree(join(a.root, 'srv/hard'));
    await plainContainer(a, { id: 'plain', args: idle });
    const inside = '/proc/$(runc state plain | sed -n \'s/.*"pid": //p\' | tr -d ,)/root/dev/shm';
    // tar leaves out sockets that nobody has bound.
    await a.sh(`rm /srv/hard/socket-kept; cp -a /srv/hard/. ${inside}; rm -r /srv/hard`);
    const seen = async (host: NamespaceHost): Promise<{ shm: string[] }> => {
      await host.sh(`cp -a ${inside} /srv/seen`);
      try {
        return { shm: look(join(host.root, 'srv/seen')) };
      } finally {
        await host.sh('rm -r /srv/seen');
      }
    };
    const onA = await seen(a);
    const noGzip = (host: Host, work: () => Promise<PhaulEnd>): Promise<PhaulEnd> =>
      meanwhile(host, 'chmod a-x /usr/bin/gzip', 'chmod a+x /usr/bin/gzip', work);
    await noGzip(a, () => noGzip(b, () => moved(t, a, ['plain', 'b'])));
    t.deepEqual(difference(onA, await seen(b)), []);
  },
);

test.serial('two migrations at once do not disturb each other', async (t) => {
  const [a, b] = hosts();
  const ids = ['one', 'two'];
  for (const id of ids) await plainContainer(a, { id, args: idle });
  const ends = await Promise.all(ids.map((id) => startPhaul(a, [id, 'b']).ended));
  for (const { exitCode, text } of ends) t.is(exitCode, 0, text);
  for (const id of ids) await runsOnlyOn(t, b, a, id);
  for (const host of [a, b]) t.is(await host.sh('ls /run/phaul'), '');
});
