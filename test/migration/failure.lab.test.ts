// Whatever happens before the commit: the container runs on the source as if nothing had happened, and nothing is left on the target.
import test from 'ava';
import { Lab } from '../lab/lab.ts';
import { removeContainer } from '../lab/container.ts';
import { redis } from '../lab/redis.ts';
import { changedCt101 } from './containers.ts';
import { untilAtRest } from './footprint.ts';
import { phaul, startPhaul } from './phaul.ts';
import { ensureRedis, failed, freshRedis, meanwhile, unharmed, smallDisk } from './stage.ts';

// So much that the freeze and the restore take a good part of a second each.
const large = { mebibytes: 200 };

let lab: Lab;
test.before(async () => {
  lab = await Lab.up();
});
test.beforeEach(() => ensureRedis(lab, large));
test.after.always(() => Lab.down());

/** The ssh that phaul runs, and the service that sshd runs, but not their shells. */
const ssh = 'pkill -KILL -x ssh';
const service = "pkill -KILL -f '^node .*phaul.* service'";

test.serial('ssh dies in the middle of the page transfer', async (t) => {
  const end = await unharmed(t, lab, async () => {
    const run = startPhaul(lab.host('a'), ['ct101', 'b']);
    await run.event({ type: 'frozen' });
    await lab.host('a').sh(ssh);
    return run.ended;
  });
  failed(t, end, { code: 'LINK_LOST', act: 'freeze' });
});

test.serial('the cable is pulled in the middle of the page transfer', async (t) => {
  const end = await unharmed(t, lab, async () => {
    const run = startPhaul(lab.host('a'), ['ct101', 'b']);
    await run.event({ type: 'frozen' });
    await lab.cut('b');
    try {
      return await run.ended;
    } finally {
      await lab.join('b');
    }
  });
  failed(t, end, { code: 'LINK_LOST', act: 'freeze' });
});

test.serial('what will not fit on the target is refused before', async (t) => {
  const b = lab.host('b');
  const cause = 'mkdir /srv/ct101; mount -t tmpfs -o size=4m,mode=755 small /srv/ct101';
  await meanwhile(b, cause, 'umount -l /srv/ct101; rmdir /srv/ct101', async () => {
    const end = await unharmed(t, lab, () => phaul(lab.host('a'), ['ct101', 'b']));
    const message =
      /^\/srv\/ct101 on the target will take [\d.]+ MiB more, and [34]\.\d MiB are free there\.$/;
    failed(t, end, { code: 'NO_DISK_SPACE', act: 'preflight', message });
    t.is(end.exitCode, 3);
  });
});

test.serial('the disk of the target fills up', async (t) => {
  const b = lab.host('b');
  const { made, removed } = smallDisk('/srv/ct101');
  await meanwhile(b, made, removed, async () => {
    const end = await unharmed(t, lab, () => phaul(lab.host('a'), ['ct101', 'b']));
    t.regex(end.text, /warning: The files may not fit: \/srv\/ct101 on the target will take /);
    failed(t, end, { code: 'DISK_FULL', act: 'prepare', message: /disk is full/ });
  });
});

for (const act of ['prepare', 'iterate', 'freeze', 'transfer', 'restore'] as const)
  test.serial(`the service is killed when ${act} begins`, async (t) => {
    const end = await unharmed(t, lab, async () => {
      const begin = { type: 'act-begin', act };
      const run = startPhaul(lab.host('a'), ['ct101', 'b'], 'migrate', [begin]);
      await run.event(begin);
      await lab.host('b').sh(service);
      await run.goOn();
      return run.ended;
    });
    failed(t, end, { code: 'LINK_LOST' });
  });

test.serial('CRIU cannot restore: a file from outside has another size on the target', async (t) => {
  const [a, b] = [lab.host('a'), lab.host('b')];
  await removeContainer(a, 'ct101');
  await Promise.all([
    a.sh('mkdir /srv/shared; echo 1 >/srv/shared/file'),
    b.sh('mkdir /srv/shared; echo 22 >/srv/shared/file'),
  ]);
  const redisWithFile = [
    'sh',
    '-c',
    'exec 3</shared/file; exec redis-server --bind 0.0.0.0 --protected-mode no --save ""',
  ];
  await changedCt101(a, redisWithFile, ({ mounts }) =>
    mounts.push({ destination: '/shared', type: 'bind', source: '/srv/shared', options: ['bind', 'ro'] }),
  );
  while ((await redis(a, 'PING')) !== 'PONG');
  const end = await unharmed(t, lab, () => phaul(a, ['ct101', 'b']));
  failed(t, end, { code: 'CRIU_RESTORE', act: 'restore', host: 'target' });
  t.regex(end.error?.logLine ?? '', /Error .*shared\/file has bad size 3 \(expect 2\)/);
  t.true(end.text.includes(end.error?.logLine ?? '?'));
  t.true(end.text.includes(`The whole log: ${end.error?.logFile} on the target.`));
  t.regex(await b.sh(`cat ${end.error?.logFile}`), /Restoring FAILED/);
  await Promise.all([a, b].map((host) => host.sh('rm -r /srv/shared')));
  await freshRedis(lab, large);
});

test.serial('phaul is killed while the container is frozen', async (t) => {
  await unharmed(t, lab, async () => {
    const run = startPhaul(lab.host('a'), ['ct101', 'b']);
    await run.event({ type: 'frozen' });
    run.kill('SIGKILL');
    t.is((await run.ended).exitCode, 137);
    t.is(await redis(lab.host('c'), 'PING'), 'PONG');
    // Its service may still be undoing there, with which nobody interferes.
    await untilAtRest(lab.host('b'));
    // The next one tidies up.
    t.is((await phaul(lab.host('a'), ['--dry-run', 'ct101', 'b'])).exitCode, 0);
  });
});

test.serial('the container would stand still for longer than --timeout', async (t) => {
  const end = await unharmed(t, lab, () => phaul(lab.host('a'), ['--timeout', '0.1', 'ct101', 'b']));
  failed(t, end, { code: 'TIMEOUT', act: ['freeze', 'transfer', 'restore'] });
});
