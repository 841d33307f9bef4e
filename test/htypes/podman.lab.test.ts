// What becomes of podman's containers: on the target podman has them as if they had been made there.
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { createNetwork, ct101 } from '../lab/container.ts';
import type { Host } from '../lab/host.ts';
import { Lab } from '../lab/lab.ts';
import { emptyPodman, image, inspected, preparePodman } from '../lab/podman.ts';
import { redis } from '../lab/redis.ts';
import { startTraffic } from '../lab/traffic.ts';
import { type PhaulEnd, phaul } from '../migration/phaul.ts';
import { failed } from '../migration/stage.ts';

let lab: Lab;
test.before(async () => {
  lab = await Lab.up();
  await preparePodman(lab.host('a'), lab.host('b'));
});
test.afterEach.always(async () => {
  for (const host of [lab.host('a'), lab.host('b')]) {
    await emptyPodman(host);
    await host.sh(`
      if [ -e /sys/class/net/vct101 ]; then ip link del vct101; fi
      if [ -e /run/netns/ct101 ]; then ip netns del ct101; fi
      rm -rf /srv/bound /srv/outside /srv/.phaul-left-*`);
  }
});
test.after.always(() => Lab.down());

const hosts = (): readonly [Host, Host, Host] => [lab.host('a'), lab.host('b'), lab.host('c')];

async function moved(t: ExecutionContext, from: Host, args: readonly string[]): Promise<PhaulEnd> {
  const end = await phaul(from, args);
  t.is(end.exitCode, 0, end.text);
  t.deepEqual(end.summary?.warnings, [], end.text);
  return end;
}

const status = (host: Host, name: string): Promise<unknown> => inspected(host, name, '.State.Status');

async function until(what: () => Promise<boolean>): Promise<void> {
  while (!(await what())) await sleep(50);
}

/** Starts a container that runs `script`, with more of podman's options. */
async function start(host: Host, name: string, script: string, options = ''): Promise<void> {
  await host.write(`/run/${name}.sh`, script);
  await host.sh(
    `podman run -d --name ${name} ${options} ${image} sh -c "$(cat /run/${name}.sh)" </dev/null; rm /run/${name}.sh`,
  );
}

/** What a user sees of it, whichever host it is on. */
const looks = (host: Host, name: string): Promise<unknown[]> =>
  Promise.all(
    ['.ID', '.Name', '.Image', '.ImageName', '.Config', '.HostConfig', '.Mounts', '.OCIRuntime'].map((part) =>
      inspected(host, name, part),
    ),
  );

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
    `trap 'exit 3' TERM; echo began; echo x >>/opt.txt; while :; do sleep 0.05; done`,
    '-v data:/data',
  );
  await until(async () => (await a.sh('podman logs web')) === 'began');
  const before = await looks(a, 'web');
  const { summary } = await moved(t, a, ['--mode', 'revive', 'web', 'b']);
  t.like(summary?.stop, { signal: 'SIGTERM', killed: false });
  t.deepEqual([await inspected(a, 'web', '.ID'), await status(b, 'web')], [null, 'running']);
  t.deepEqual(await looks(b, 'web'), before);
  t.is(await b.sh('podman exec web cat /opt.txt'), 'x\nx');
  t.is(await b.sh('podman logs web'), 'began\nbegan');
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

/** A person who types a line at the container's terminal, and sees the answer. */
const typed = (line: string): string => `import os, subprocess
here, there = os.openpty()
attach = subprocess.Popen(["podman", "attach", "--sig-proxy=false", "web"], stdin=there, stdout=there, stderr=there)
os.write(here, b"${line}\\r")
said = b""
while b"heard ${line}" not in said: said += os.read(here, 4096)
attach.kill()`;

test.serial('a container with a terminal goes on listening to who types there', async (t) => {
  const [a, b] = hosts();
  await start(a, 'web', 'stty -echo; while read -r line; do echo "heard $line"; done', '-it');
  const before = await looks(a, 'web');
  for (const [from, to, line] of [
    [a, b, 'one'],
    [b, a, 'two'],
  ] as const) {
    await moved(t, from, ['web', to.name]);
    await to.sh(`timeout 20 python3 -c '${typed(line)}'`);
  }
  t.is((await a.sh('podman logs web')).replaceAll('\r', ''), 'heard one\nheard two');
  t.deepEqual(await looks(a, 'web'), before);
  await a.sh('podman restart --time 0 web');
  await a.sh(`timeout 20 python3 -c '${typed('three')}'`);
  t.is(await b.sh('ls /dev/pts'), 'ptmx');
});

/** All that podman has on a host, and what is mounted and runs for it. */
const footprint = (host: Host): Promise<string> =>
  host.sh(`
    podman ps --all --no-trunc --format '{{.ID}} {{.Names}} {{.State}} {{.Pid}}'; podman volume ls
    podman images --no-trunc --format '{{.Repository}} {{.Id}}'; runc list
    grep -E ' /(var/lib/containers|run/phaul)/' /proc/self/mounts || true; pgrep -la conmon | grep -v defunct || true
    ls /var/lib/containers/storage/overlay-containers /run/phaul; ls /run/netns | sort`);

test.serial(
  'a migration that fails at the restore leaves nothing on the target, and the container as it was',
  async (t) => {
    const [a, b] = hosts();
    // The file that it has open is another on the target.
    await Promise.all(
      [a, b].map((host) => host.sh('mkdir /srv/outside; hostname | tail -c 2 >/srv/outside/file')),
    );
    await b.sh('echo more >>/srv/outside/file');
    await start(
      a,
      'web',
      'exec 3</outside/file; i=0; while :; do i=$((i+1)); echo $i; sleep 0.05; done',
      '-v data:/data -v /srv/outside:/outside:ro --restart always',
    );
    const [onA, onB] = [await footprint(a), await footprint(b)];
    const end = await phaul(a, ['web', 'b']);
    failed(t, end, { code: 'CRIU_RESTORE', act: 'restore', host: 'target' });
    t.is(await footprint(b), onB);
    t.is(await footprint(a), onA);
    t.is(await status(a, 'web'), 'running');
  },
);

test.serial('what podman’s containers cannot take along is refused before anything is touched', async (t) => {
  const [a, b] = hosts();
  const refused = async (
    name: string,
    options: string,
    code: string,
    words: RegExp,
    script = 'exec sleep 1000',
  ): Promise<void> => {
    await start(a, name, script, options);
    const end = await phaul(a, [name, 'b']);
    t.is(end.exitCode, 3, end.text);
    const reasons = [end.error!, ...(end.error?.refusals ?? [])];
    t.true(
      reasons.some((reason) => reason.code === code && words.test(reason.message)),
      end.text,
    );
    await a.sh(`podman rm --force --time 0 ${name}`);
  };
  await a.sh('podman pod create --infra=false pod');
  await refused('one', '--pod pod', 'CONTAINER_UNSUPPORTED', /pod/);
  await a.sh('podman pod rm pod');
  await start(a, 'friend', 'exec sleep 1000');
  await refused(
    'eight',
    '--network container:friend',
    'CONTAINER_UNSUPPORTED',
    /namespaces of other containers/,
  );
  await refused('two', '--network host', 'HOST_NETWORK', /--network host/);
  await refused('three', '--privileged', 'CONTAINER_UNSUPPORTED', /privileged/);
  await refused('four', '-t', 'TERMINAL_OUTSIDE', /has its terminal open/, 'exec sleep 1000 9<>/dev/tty');
  await refused('five', '--label PODMAN_SYSTEMD_UNIT=five.service', 'CONTAINER_UNSUPPORTED', /five\.service/);
  await refused('six', '--pid host', 'CONTAINER_UNSUPPORTED', /--pid host/);
  await b.sh(`podman tag ${image} localhost/lab:kept; podman create --name seven ${image}`);
  await refused('seven', '', 'NAME_TAKEN', /already has a container seven/);
  await b.sh('podman rm seven');
  const waits = b.spawn(
    ['python3', '-c', 'import socket, time; s = socket.create_server(("", 8099)); time.sleep(1000)'],
    { check: false },
  );
  await b.sh('until ss -Hltn "sport = :8099" | grep -q .; do sleep 0.05; done');
  await refused('nine', '--publish 8099:80', 'PORT_TAKEN', /port 80 .* at port 8099 \(tcp\).*python3/);
  waits.kill('SIGKILL');
});
