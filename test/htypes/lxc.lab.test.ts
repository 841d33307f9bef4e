// Containers of LXC between hosts made of namespaces. With terminals: lxc-terminals.lab.test.ts. With iterations, and cgroup v2: lxc-precopy.lab.test.ts.
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { mountDisk } from '../lab/disk.ts';
import type { Host } from '../lab/host.ts';
import { Lab } from '../lab/lab.ts';
import { lxcState, removeLxcContainer, startLxcContainer, stopLxcContainer } from '../lab/lxc.ts';
import { oneHierarchy } from '../lab/one-hierarchy.ts';
import { redisCommand, redis } from '../lab/redis.ts';
import { startTraffic } from '../lab/traffic.ts';
import { type PhaulEnd, phaul, startPhaul } from '../migration/phaul.ts';

let lab: Lab;
let a: Host;
let b: Host;
test.before(async () => {
  lab = await Lab.up();
  [a, b] = [lab.host('a'), lab.host('b')];
  for (const host of [a, b]) await oneHierarchy(host);
});
test.afterEach.always(async () => {
  for (const host of [a, b])
    for (const name of ['ct101', 'other', 'plain']) {
      await removeLxcContainer(host, name);
      await host.sh(
        `umount /srv/volume 2>/dev/null || true; rm -rf /srv/volume /srv/.phaul-left-*; ip netns delete lxc-${name} 2>/dev/null || true`,
      );
    }
});
test.after.always(() => Lab.down());

const address = '10.77.0.101/24';
const counting = `/bin/sh -c "trap 'exit 0' PWR; i=0; while :; do i=$((i+1)); echo $i >/tmp/next; mv /tmp/next /tmp/count; sleep 0.1; done"`;

async function moved(t: ExecutionContext, from: Host, args: readonly string[]): Promise<PhaulEnd> {
  const end = await phaul(from, args);
  t.is(end.exitCode, 0, end.text);
  return end;
}

async function refused(t: ExecutionContext, args: readonly string[], code: string): Promise<void> {
  const { error } = await phaul(a, args);
  t.true(
    error?.refusals?.some((refusal) => refusal.code === code),
    `${code}: ${JSON.stringify(error)}`,
  );
}

/** A number that its program has counted to. */
const count = async (host: Host, name: string): Promise<number> =>
  Number(await host.sh(`until lxc-attach -n ${name} -- cat /tmp/count 2>/dev/null; do sleep 0.05; done`));

/** Waits until it has counted on. */
const counted = async (host: Host, name: string): Promise<void> => {
  const then = await count(host, name);
  while ((await count(host, name)) <= then) await sleep(50);
};

/** What LXC has of it on a host, beside its files. */
const traces = (host: Host): Promise<string> =>
  host.sh('lxc-ls; find /sys/fs/cgroup -name "lxc.payload.*"; ip netns list; ls /run/phaul');

test.serial('Redis and its client move to b, where it is a container of LXC’s, and back', async (t) => {
  const more = ['lxc.start.auto = 1', 'lxc.cgroup.memory.limit_in_bytes = 200M'];
  await startLxcContainer(a, { name: 'ct101', command: redisCommand, address, more });
  await a.sh('lxc-cgroup -n ct101 memory.limit_in_bytes 150M');
  await a.sh('until redis-cli -h 10.77.0.101 PING; do sleep 0.05; done');
  const traffic = await startTraffic(lab.host('c'));
  await moved(t, a, ['ct101', 'b']);
  t.deepEqual([await lxcState(a, 'ct101'), await lxcState(b, 'ct101')], ['', 'RUNNING']);
  t.is(await traces(a), '', 'nothing is left of it on a but its files');
  t.regex(await b.sh('lxc-ls -f -F NAME,STATE,AUTOSTART'), /ct101\s+RUNNING\s+1/);
  const pid = await b.sh('lxc-info -n ct101 -p -H');
  const parent = await b.sh(`sed -n 's/^PPid:\\s*//p' /proc/${pid}/status`);
  t.regex(await b.sh(`tr '\\0' ' ' </proc/${parent}/cmdline`), /lxc monitor.*ct101/);
  t.is(Number(await b.sh('lxc-cgroup -n ct101 memory.limit_in_bytes')), 150 * 2 ** 20);
  t.notRegex(await b.sh('lxc-cgroup -n ct101 devices.list'), /a \*:\* rwm/);
  const link = /^Link:\s+(\S+)/m.exec(await b.sh('lxc-info -n ct101'))?.[1];
  t.regex(await b.sh(`ip -o link show dev ${link}`), /master br0/);
  t.regex(await b.sh('lxc-attach -n ct101 -- ps'), /redis-server/);
  t.regex(await b.sh('lxc-info -n ct101 -iH'), /10\.77\.0\.101/);
  t.is(await b.sh('ip netns list'), '');

  await moved(t, b, ['ct101', 'a']);
  const report = await traffic.stop();
  t.like(report, { errors: [], lost: 0, doubled: 0 });
  t.true(report.operations > 100);
  t.is(await redis(lab.host('c'), 'DBSIZE'), '1');
  t.is(await traces(b), '');
  t.is(await a.sh('ls -A /var/lib/lxc/ct101'), 'config\nrootfs');
  await a.sh('lxc-stop -n ct101 -t 5');
  t.is(await lxcState(a, 'ct101'), 'STOPPED');
  await a.sh('lxc-start -n ct101');
  t.is(await lxcState(a, 'ct101'), 'RUNNING');
});

test.serial('two processes with a socket between them move with a volume, under another name', async (t) => {
  const program = `import os, socket, time
left, right = socket.socketpair()
if os.fork() == 0:
    while True: right.send(b'%d' % (int(right.recv(20)) + 1))
number = 0
while True:
    left.send(b'%d' % number); number = int(left.recv(20))
    open('/data/number', 'w').write(str(number)); time.sleep(0.02)`;
  await a.sh('mkdir -p /srv/volume');
  await a.write('/srv/volume/program.py', program);
  const mounts = ['/srv/volume data none bind,create=dir 0 0'];
  await startLxcContainer(a, { name: 'plain', command: '/usr/bin/python3 /data/program.py', mounts });
  await a.sh('until [ -s /srv/volume/number ]; do sleep 0.05; done');
  // As where systemd is init: mounts of containers follow the host's.
  await a.sh('mount --make-rshared /');
  await stopLxcContainer(a, 'plain');
  await a.sh(
    'rm /srv/volume/number; lxc-start -n plain; until [ -s /srv/volume/number ]; do sleep 0.05; done',
  );
  try {
    const { summary } = await moved(t, a, ['--dst-id', 'other', 'plain', 'b']);
    t.deepEqual([await lxcState(a, 'plain'), await lxcState(b, 'other')], ['', 'RUNNING']);
    t.true(
      summary?.files.some(({ trees }) => trees.includes('/srv/volume')),
      JSON.stringify(summary?.files),
    );
    const then = Number(await b.sh('cat /srv/volume/number'));
    await b.sh(`until [ "$(cat /srv/volume/number || echo 0)" -gt ${then} ]; do sleep 0.05; done`);
    t.is(await b.sh('cat /proc/$(lxc-info -n other -pH)/root/data/program.py'), program);
    t.regex(await b.sh('cat /var/lib/lxc/other/config'), /rootfs.path = dir:\/var\/lib\/lxc\/other\/rootfs/);
  } finally {
    await a.sh('mount --make-rprivate /');
  }
});

test.serial(
  'a root file system that is a btrfs subvolume moves as one, and the last copy of it counts',
  async (t) => {
    for (const host of [a, b]) await mountDisk(host, { path: '/btrfs', type: 'btrfs', mebibytes: 512 });
    await a.sh('btrfs subvolume create /btrfs/plain; cp -a /srv/rootfs-redis/. /btrfs/plain/');
    await startLxcContainer(a, { name: 'plain', command: counting, rootfs: 'btrfs:/btrfs/plain' });
    const { summary } = await moved(t, a, ['plain', 'b']);
    t.like(summary?.files[0], { driver: 'btrfs', trees: ['/btrfs/plain'] });
    t.is(await lxcState(b, 'plain'), 'RUNNING');
    const then = await count(b, 'plain');
    t.true(then > 0);
    await b.sh(`until [ "$(cat /btrfs/plain/tmp/count)" -gt ${then} ]; do sleep 0.05; done`, {
      timeoutMs: 60_000,
    });
  },
);

test.serial('in revive mode it is stopped with its signal and started by the target’s LXC', async (t) => {
  await startLxcContainer(a, { name: 'plain', command: counting, address });
  await a.sh('touch /var/lib/lxc/plain/rootfs/root/mine');
  const { summary } = await moved(t, a, ['--mode', 'revive', 'plain', 'b']);
  t.like(summary, { stop: { signal: 'SIGPWR', killed: false } });
  t.deepEqual([await lxcState(a, 'plain'), await lxcState(b, 'plain')], ['', 'RUNNING']);
  t.true((await count(b, 'plain')) > 0);
  await b.sh('lxc-attach -n plain -- test -e /root/mine');
  t.is(await traces(a), '');
});

test.serial('in revive mode a start on the target that outlives phaul there ends with it', async (t) => {
  await startLxcContainer(a, { name: 'plain', command: counting, address });
  // It takes longer than whoever goes on for phaul.
  await b.sh(`
    cp /usr/bin/lxc-start /run/lxc-start
    cat >/run/slow-start <<'END'
#!/bin/sh
/run/lxc-start "$@" || exit
[ "$1" = -n ] || exit 0
touch /run/starting
sleep 3
touch /run/started
END
    chmod +x /run/slow-start
    mount --bind /run/slow-start /usr/bin/lxc-start`);
  t.teardown(() =>
    b.sh('umount /usr/bin/lxc-start; rm -f /run/lxc-start /run/slow-start /run/starting /run/started'),
  );
  const run = startPhaul(a, ['--mode', 'revive', 'plain', 'b']);
  await b.sh(
    'until [ -e /run/starting ]; do sleep 0.02; done; pkill -KILL -f "^node .*phaul.* service"; until [ -e /run/started ]; do sleep 0.1; done',
  );
  const { error } = await run.ended;
  // Whoever goes on there ends what has come of the start.
  await b.sh('until [ -z "$(lxc-ls)" ]; do sleep 0.1; done');
  t.deepEqual([await lxcState(a, 'plain'), await lxcState(b, 'plain')], ['RUNNING', '']);
  t.is(error?.sourceState, 'running');
  t.is(await b.sh('lxc-ls'), '');
});

test.serial('what fails on the target leaves the container as it was, and nothing there', async (t) => {
  await startLxcContainer(a, { name: 'plain', command: counting, address });
  const before = await traces(b);
  await b.sh(
    'mv /usr/share/lxc/config/common.seccomp /usr/share/lxc/config/common.seccomp.away; touch /usr/share/lxc/config/common.seccomp; echo nonsense >/usr/share/lxc/config/common.seccomp',
  );
  const { error } = await phaul(a, ['plain', 'b']);
  await b.sh('mv /usr/share/lxc/config/common.seccomp.away /usr/share/lxc/config/common.seccomp');
  t.like(error, { code: 'DRIVER_FAILED', sourceState: 'running' });
  await counted(a, 'plain');
  t.is(await traces(b), before);
  t.is(await b.sh('ls -A /var/lib/lxc'), '');
});

test.serial('what cannot move is refused, each with its own code', async (t) => {
  const start = (more: readonly string[]): Promise<void> =>
    startLxcContainer(a, { name: 'plain', command: counting, more });
  const again = (): Promise<void> => removeLxcContainer(a, 'plain');
  await start(['lxc.mount.entry = /dev/pts dev/outside none bind,create=dir 0 0']);
  await refused(t, ['plain', 'b'], 'TERMINAL_OUTSIDE');
  await again();
  await startLxcContainer(a, { name: 'plain', command: counting, bridge: null });
  await refused(t, ['plain', 'b'], 'HOST_NETWORK');
  await again();
  await start(['lxc.ephemeral = 1']);
  await refused(t, ['plain', 'b'], 'CONTAINER_UNSUPPORTED');
  await again();
  await a.sh(
    'mkdir -p /var/lib/lxc/plain; cp -a /srv/rootfs-redis /var/lib/lxc/plain/rootfs; chown -R 100000:100000 /var/lib/lxc/plain/rootfs',
  );
  await start(['lxc.idmap = u 0 100000 65536', 'lxc.idmap = g 0 100000 65536']);
  await refused(t, ['plain', 'b'], 'USER_NAMESPACE');
  await again();
  await a.sh('mkdir -p /srv/volume; mount -t tmpfs tmpfs /srv/volume; mkdir /srv/volume/delta');
  await startLxcContainer(a, {
    name: 'plain',
    command: counting,
    rootfs: 'overlay:/srv/rootfs-redis:/srv/volume/delta',
  });
  await refused(t, ['plain', 'b'], 'ROOTFS_UNSUPPORTED');
  await again();
  await a.sh('umount /srv/volume');
  await start([]);
  await b.sh('mkdir /var/lib/lxc/plain; touch /var/lib/lxc/plain/config');
  await refused(t, ['plain', 'b'], 'NAME_TAKEN');
  t.is(await lxcState(a, 'plain'), 'RUNNING');
});
