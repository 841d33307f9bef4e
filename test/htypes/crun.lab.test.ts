// What becomes of containers that crun runs, by itself and for podman.
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { createContainer, createNetwork, ct101, removeContainer } from '../lab/container.ts';
import type { Host } from '../lab/host.ts';
import { Lab } from '../lab/lab.ts';
import { isRunning } from '../lab/migrate.ts';
import { oneHierarchy } from '../lab/one-hierarchy.ts';
import { emptyPodman, image, inspected, preparePodman } from '../lab/podman.ts';
import { redis } from '../lab/redis.ts';
import { startTraffic } from '../lab/traffic.ts';
import { type PhaulEnd, phaul } from '../migration/phaul.ts';

let lab: Lab;
test.before(async () => {
  lab = await Lab.up();
  await preparePodman(lab.host('a'), lab.host('b'));
  await Promise.all([lab.host('a'), lab.host('b')].map(oneHierarchy));
});
test.afterEach.always(async () => {
  for (const host of [lab.host('a'), lab.host('b')]) {
    await emptyPodman(host);
    await removeContainer(host, 'ct101', 'crun');
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

async function until(what: () => Promise<boolean>): Promise<void> {
  while (!(await what())) await sleep(50);
}

const status = (host: Host, name: string): Promise<unknown> => inspected(host, name, '.State.Status');

const server = 'redis-server --bind 0.0.0.0 --protected-mode no --dir /data'.split(' ');
const answers = (host: Host): Promise<void> => until(async () => (await redis(host, 'PING')) === 'PONG');

test.serial('crun’s Redis, its client and its files move to b and back', async (t) => {
  const [a, b, c] = hosts();
  await createContainer(a, { ...ct101, args: [...server, '--save', ''], runtime: 'crun' });
  await answers(c);
  await a.sh('crun exec ct101 sh -c "echo inside >/root/written"');
  const traffic = await startTraffic(c);
  const { summary } = await moved(t, a, ['ct101', 'b']);
  t.deepEqual([await isRunning(b, 'ct101', 'crun'), await isRunning(a, 'ct101', 'crun')], [true, false]);
  t.is(await b.sh('crun exec ct101 cat /root/written /proc/1/comm'), 'inside\nredis-server');
  await b.sh('crun pause ct101; crun resume ct101');
  await moved(t, b, ['ct101', 'a']);
  t.deepEqual([await isRunning(a, 'ct101', 'crun'), await isRunning(b, 'ct101', 'crun')], [true, false]);
  const { longestGapMs, ...report } = await traffic.stop();
  t.like(report, { errors: [], lost: 0, doubled: 0 });
  t.log(`longest pause of the client ${longestGapMs} ms; stood still for ${summary?.freezeMs} ms`);
  t.is(await b.sh("ls /run/crun; find /sys/fs/cgroup -name '*ct101*'"), '');

  await a.sh('crun kill ct101 TERM');
  await until(async () => !(await isRunning(a, 'ct101', 'crun')));
  await a.sh('crun delete ct101');
  t.is(await a.sh("ls /run/crun; find /sys/fs/cgroup -name '*ct101*'"), '');
});

test.serial('crun’s Redis is revived with its data, there and back', async (t) => {
  const [a, b, c] = hosts();
  await createContainer(a, { ...ct101, args: [...server, '--save', '3600 1000000'], runtime: 'crun' });
  await answers(c);
  await redis(c, 'SET', 'key', 'kept');
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    const { summary } = await moved(t, from, ['--mode', 'revive', 'ct101', to.name]);
    t.like(summary?.stop, { signal: 'SIGTERM', killed: false });
    t.deepEqual(
      [await isRunning(to, 'ct101', 'crun'), await isRunning(from, 'ct101', 'crun')],
      [true, false],
    );
    await answers(c);
    t.is(await redis(c, 'GET', 'key'), 'kept');
  }
});

/** What a user sees of it, whichever host it is on. */
const looks = (host: Host): Promise<unknown[]> =>
  Promise.all(
    ['.ID', '.Image', '.Config', '.HostConfig', '.Mounts', '.OCIRuntime'].map((part) =>
      inspected(host, 'web', part),
    ),
  );

const limit = (host: Host): Promise<string> =>
  host.sh('podman exec web cat /sys/fs/cgroup/memory/memory.limit_in_bytes');

test.serial('podman’s Redis that crun runs moves to b and back, and podman has it there', async (t) => {
  const [a, b, c] = hosts();
  await createNetwork(a, ct101);
  const options = '--runtime crun --network ns:/run/netns/ct101 -v data:/data --memory 256m';
  await a.sh(`podman run -d --name web ${options} ${image} ${server.join(' ')} --save "" </dev/null`);
  await answers(c);
  const before = await looks(a);
  t.is(before.at(-1), 'crun');

  const traffic = await startTraffic(c);
  const { summary } = await moved(t, a, ['web', 'b']);
  t.deepEqual([await inspected(a, 'web', '.ID'), await status(b, 'web')], [null, 'running']);
  t.deepEqual(await looks(b), before);
  t.is(await b.sh('podman exec web cat /proc/1/comm'), 'redis-server');
  t.regex(await b.sh('podman logs web'), /Ready to accept connections/);
  t.is(await limit(b), String(256 * 2 ** 20));
  t.is(
    await b.sh('podman ps --format "{{.Names}} {{.State}}"; crun list --quiet'),
    `web running\n${String(before[0])}`,
  );
  await moved(t, b, ['web', 'a']);
  const { longestGapMs, ...report } = await traffic.stop();
  t.like(report, { errors: [], lost: 0, doubled: 0 });
  t.log(`longest pause of the client ${longestGapMs} ms; stood still for ${summary?.freezeMs} ms`);
  t.deepEqual(await looks(a), before);
  t.is(await limit(a), String(256 * 2 ** 20));
  await a.sh('podman stop --time 5 web');
  t.is(await status(a, 'web'), 'exited');
  t.is(await a.sh('ls /run/crun'), '');
});

test.serial('podman’s container that crun runs is revived by podman on the target', async (t) => {
  const [a, b] = hosts();
  const script = `trap 'exit 3' TERM; echo x >>/opt.txt; echo began; while :; do sleep 0.05; done`;
  await a.sh(`podman run -d --name web --runtime crun ${image} sh -c "${script}" </dev/null`);
  await until(async () => (await a.sh('podman logs web')) === 'began');
  const before = await looks(a);
  const { summary } = await moved(t, a, ['--mode', 'revive', 'web', 'b']);
  t.like(summary?.stop, { signal: 'SIGTERM', killed: false });
  t.deepEqual([await inspected(a, 'web', '.ID'), await status(b, 'web')], [null, 'running']);
  t.deepEqual(await looks(b), before);
  await until(async () => (await b.sh('podman logs web')) === 'began\nbegan');
  t.is(await b.sh('podman exec web cat /opt.txt'), 'x\nx');
});

test.serial('without crun on the target its containers are refused', async (t) => {
  const [a, b] = hosts();
  await b.sh('mv /usr/bin/crun /usr/bin/not-crun');
  try {
    await createContainer(a, { ...ct101, args: ['sleep', '1000'], runtime: 'crun' });
    await a.sh(`podman run -d --name web --runtime crun ${image} sleep 1000 </dev/null`);
    for (const [name, words] of [
      ['ct101', /crun is not installed/],
      ['web', /podman on the target cannot run containers with crun/],
    ] as const) {
      const { error, exitCode, text } = await phaul(a, [name, 'b']);
      t.is(exitCode, 3, text);
      const reasons = [error!, ...(error?.refusals ?? [])];
      t.true(
        reasons.some((reason) => reason.code === 'TOOL_MISSING' && words.test(reason.message)),
        text,
      );
    }
  } finally {
    await b.sh('mv /usr/bin/not-crun /usr/bin/crun');
  }
  t.deepEqual([await isRunning(a, 'ct101', 'crun'), await status(a, 'web')], [true, 'running']);
});
