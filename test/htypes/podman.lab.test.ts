// What becomes of podman's containers: on the target podman has them as if they had been made there. With a terminal: podman-terminal.lab.test.ts. What fails or is refused: podman-failure.lab.test.ts.
import test from 'ava';
import { createNetwork, ct101 } from '../lab/container.ts';
import type { Host } from '../lab/host.ts';
import { image, inspected } from '../lab/podman.ts';
import { redis } from '../lab/redis.ts';
import { startTraffic } from '../lab/traffic.ts';
import { looks, moved, podmanLab, start, status, until } from './podman-stage.ts';

const hosts = podmanLab();

test.serial(
  'Redis with a client that stays connected moves to b and back, and podman has it there',
  async (t) => {
    const [a, b, c] = hosts();
    await createNetwork(a, ct101);
    const server = 'redis-server --bind 0.0.0.0 --protected-mode no --save "" --dir /data';
    await start(
      a,
      'web',
      `exec ${server}`,
      '--network ns:/run/netns/ct101 -v data:/data --restart always --label who=me --memory 256m',
    );
    await until(async () => (await redis(c, 'PING')) === 'PONG');
    const before = await looks(a, 'web');

    const traffic = await startTraffic(c);
    const { summary } = await moved(t, a, ['web', 'b']);
    t.deepEqual([await inspected(a, 'web', '.ID'), await status(b, 'web')], [null, 'running']);
    t.deepEqual(await looks(b, 'web'), before);
    t.is(await b.sh('podman exec web cat /proc/1/comm'), 'redis-server');
    t.regex(await b.sh('podman logs web'), /Ready to accept connections/);
    await moved(t, b, ['web', 'a']);
    t.deepEqual([await status(a, 'web'), await inspected(b, 'web', '.ID')], ['running', null]);
    const { longestGapMs, ...report } = await traffic.stop();
    t.like(report, { errors: [], lost: 0, doubled: 0 });
    t.log(`longest pause of the client ${longestGapMs} ms; stood still for ${summary?.freezeMs} ms`);
    t.deepEqual(await looks(a, 'web'), before);

    // podman still waits for its end, and knows what is due then.
    const pid = await inspected(a, 'web', '.State.Pid');
    await a.sh(`kill -KILL ${String(pid)}`);
    await until(
      async () => (await status(a, 'web')) === 'running' && (await inspected(a, 'web', '.State.Pid')) !== pid,
    );
    t.is(await inspected(a, 'web', '.RestartCount'), 1);
    await a.sh('podman stop --time 5 web');
    t.is(await status(a, 'web'), 'exited');
  },
);

// Writes a line a tick: what is in the container's memory, its log and its files must go on from the same number.
const counting = `
rm /etc/group; echo mine >/etc/passwd; mkdir /opt /opt/all /dev/shm/all; i=0
while :; do i=$((i+1)); echo $i; echo $i >/opt/count; echo $i >/data/count; echo $i >/bound/count; echo $i >/dev/shm/count
  echo $i >/opt/all/$i; echo $i >/dev/shm/all/$i; sleep 0.05; done`;

const counts = async (host: Host): Promise<number[]> => {
  const files = ['/opt/count', '/data/count', '/bound/count', '/dev/shm/count'];
  const text = await host.sh(`podman exec count cat ${files.join(' ')}`);
  return text.split('\n').map(Number);
};

test.serial('files, volumes, output and podman’s own network go along', async (t) => {
  const [a, b] = hosts();
  await a.sh('mkdir /srv/bound; podman volume create --label kept=yes data');
  await start(a, 'count', counting, '-v data:/data -v /srv/bound:/bound -p 8080:80');
  await until(async () => (await a.sh('podman logs count')).split('\n').length > 10);
  const before = await looks(a, 'count');
  const addresses = '.NetworkSettings.Networks.podman';
  const address = (await inspected(a, 'count', addresses)) as { IPAddress: string; MacAddress: string };

  await moved(t, a, ['count', 'b']);
  t.deepEqual(await looks(b, 'count'), before);
  const { IPAddress, MacAddress } = address;
  t.like(await inspected(b, 'count', addresses), { IPAddress, MacAddress });
  t.is(await b.sh('podman exec count cat /etc/passwd'), 'mine');
  t.false((await b.sh('podman exec count ls /etc')).split('\n').includes('group'));
  t.is(await b.sh(`podman volume inspect --format '{{.Labels.kept}}' data`), 'yes');
  const lines = (await b.sh('podman logs count')).split('\n').map(Number);
  t.deepEqual(
    lines,
    lines.map((_, index) => index + 1),
    'every line once',
  );
  for (const directory of ['/opt/all', '/dev/shm/all']) {
    const names = (await b.sh(`podman exec count ls ${directory}`)).split('\n').map(Number);
    const inOrder = [...names].sort((one, other) => one - other);
    t.deepEqual(
      inOrder,
      inOrder.map((_, index) => index + 1),
      `every file of ${directory}`,
    );
  }
  const [last = 0] = await counts(b);
  await until(async () => (await counts(b)).every((count) => count > last));
  t.regex(await b.sh('nft list ruleset'), /dport 8080/);
  await b.sh('podman restart --time 0 count');
  await until(async () => (await status(b, 'count')) === 'running');
});

// The second process answers the first one through a Unix socket; each answer is the number after the question.
const pair = `
import os, socket, time
ours, theirs = socket.socketpair()
if os.fork() == 0:
    while True: theirs.send(str(int(theirs.recv(100)) + 1).encode())
number = 0
while True:
    ours.send(str(number).encode())
    number = int(ours.recv(100))
    print(number, flush=True)
    time.sleep(0.02)
`;

test.serial(
  'two processes go on talking through a socket, and a memory limit and a new name hold',
  async (t) => {
    const [a, b] = hosts();
    await a.sh('mkdir /srv/bound');
    await a.write('/srv/bound/pair.py', pair);
    await start(a, 'web', 'exec python3 /bound/pair.py', '--memory 64m -v /srv/bound:/bound');
    await until(async () => (await a.sh('podman logs web')).split('\n').length > 10);
    await moved(t, a, ['--dst-id', 'other', 'web', 'b']);
    const said = async (): Promise<number[]> => (await b.sh('podman logs other')).split('\n').map(Number);
    const before = (await said()).length;
    await until(async () => (await said()).length > before + 10);
    const numbers = await said();
    t.deepEqual(
      numbers,
      numbers.map((_, index) => index + 1),
    );
    const limit = await b.sh(
      'podman exec other sh -c "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || true"',
    );
    t.is(limit, String(64 * 1024 * 1024));
    t.is(await b.sh('podman top other | wc -l'), '3');
  },
);

test.serial('a container is revived by podman on the target, with its files', async (t) => {
  const [a, b] = hosts();
  await start(
    a,
    'web',
    `trap 'exit 3' TERM; echo x >>/opt.txt; echo began; while :; do sleep 0.05; done`,
    '-v data:/data',
  );
  await until(async () => (await a.sh('podman logs web')) === 'began');
  const before = await looks(a, 'web');
  const { summary } = await moved(t, a, ['--mode', 'revive', 'web', 'b']);
  t.like(summary?.stop, { signal: 'SIGTERM', killed: false });
  t.deepEqual([await inspected(a, 'web', '.ID'), await status(b, 'web')], [null, 'running']);
  t.deepEqual(await looks(b, 'web'), before);
  await until(async () => (await b.sh('podman logs web')) === 'began\nbegan');
  t.is(await b.sh('podman exec web cat /opt.txt'), 'x\nx');
});

test.serial(
  'of an image only those layers travel that the target lacks, and it is the same there',
  async (t) => {
    const [a, b] = hosts();
    await a.sh(`
    podman run --name maker ${image} sh -c 'echo of the image >/made' </dev/null
    podman commit --quiet maker localhost/made:1; podman rm maker`);
    // With a container that runs podman keeps its layers in a mount of their own.
    await start(b, 'friend', 'exec sleep 1000');
    await a.sh('podman run -d --name web localhost/made:1 sh -c "while :; do sleep 0.1; done" </dev/null');
    const before = await looks(a, 'web');
    const { summary } = await moved(t, a, ['web', 'b']);
    t.deepEqual(await looks(b, 'web'), before);
    t.is(await b.sh('podman exec web cat /made'), 'of the image');
    const id = (host: Host): Promise<string> =>
      host.sh(`podman image inspect --format '{{.Id}}' localhost/made:1`);
    t.is(await id(b), await id(a));
    t.true((summary?.bytes.firstCopy ?? Infinity) < 1_000_000, `${summary?.bytes.firstCopy} bytes`);
    for (const host of [a, b])
      await host.sh('podman rm --all --force --time 0; podman image rm localhost/made:1');
  },
);
