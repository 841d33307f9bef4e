// On hosts that systemd has booted it keeps the cgroups of podman's containers; and their kernel, with cgroup v2, tracks written memory. How a runtime
// does so by itself: precopy.lab.test.ts.
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { createNetwork, ct101 } from '../lab/container.ts';
import { migrate } from '../lab/migrate.ts';
import type { Host } from '../lab/host.ts';
import { image, inspected, preparePodman } from '../lab/podman.ts';
import { activeScope, scope, units } from '../lab/systemd.ts';
import { VmLab } from '../lab/vm/vm-lab.ts';
import { movedAhead } from './moved-ahead.ts';

// The machines are slow, and slower yet while this one is busy.
const patienceMs = 8 * 60_000;
const server = 'redis-server --bind 0.0.0.0 --protected-mode no --enable-debug-command yes --save';

let lab: VmLab;
test.before(async (t) => {
  t.timeout(patienceMs);
  lab = await VmLab.up();
  await preparePodman(lab.host('a'), lab.host('b'));
});
test.after.always(() => VmLab.down());

/** Fails unless systemd comes to have no scope of podman's any more: it hears some time later that one is empty, as conmon's is when conmon has seen to the end of its container. */
async function noUnits(t: ExecutionContext, host: Host): Promise<void> {
  for (let tries = 0; tries < 100 && (await units(host)) !== ''; tries++) await sleep(500);
  t.is(await units(host), '');
}

test.serial('Redis in podman, run by crun, moves ahead of itself and loses no connection', async (t) => {
  t.timeout(patienceMs);
  const [a, b] = [lab.host('a'), lab.host('b')];
  await createNetwork(a, ct101);
  const options = '--network ns:/run/netns/ct101 --memory 300m';
  await a.sh(`podman run -d --name web ${options} ${image} ${server} "" </dev/null`, { timeoutMs: 120_000 });
  t.deepEqual(
    [await inspected(a, 'web', '.OCIRuntime'), await inspected(a, 'web', '.HostConfig.CgroupManager')],
    ['crun', 'systemd'],
  );
  await movedAhead(t, lab, 'web');
  t.is(await inspected(a, 'web', '.ID'), null);
  await noUnits(t, a);
  const unit = `libpod-${String(await inspected(b, 'web', '.ID'))}.scope`;
  t.deepEqual(await scope(b, unit, await inspected(b, 'web', '.State.Pid')), activeScope(300 * 2 ** 20));
  t.is(await b.sh('podman exec web cat /sys/fs/cgroup/memory.max'), String(300 * 2 ** 20));
  t.regex(
    await b.sh('podman logs web 2>&1; podman stats --no-stream --format "{{.PIDs}} processes" web'),
    /^6 processes$/m,
  );
  await b.sh('podman pause web; podman unpause web; podman stop --time 10 web', { timeoutMs: 60_000 });
  t.is(await inspected(b, 'web', '.State.Status'), 'exited');
  await noUnits(t, b);
  await b.sh('podman rm web; ip link del vct101; ip netns del ct101');
});

test.serial(
  'an undone migration leaves nothing of podman’s on the target, and the container as it was',
  async (t) => {
    t.timeout(patienceMs);
    const [a, b] = [lab.host('a'), lab.host('b')];
    // The file that it has open is longer on the target.
    for (const host of [a, b]) await host.sh('mkdir /srv/outside; hostname >/srv/outside/file');
    await b.sh('hostname >>/srv/outside/file');
    const options = '--runtime runc --memory 64m -v /srv/outside:/outside:ro';
    const script = 'exec 3</outside/file; while :; do sleep 1; done';
    await a.sh(`podman run -d --name web ${options} ${image} sh -c '${script}' </dev/null`);
    const result = await migrate(a, 'b', 'web', { args: ['--mode', 'live', '--no-pre-dump'] });
    t.like(result, { ok: false, error: { code: 'CRIU_RESTORE', host: 'target' } });
    t.is(await inspected(a, 'web', '.State.Status'), 'running');
    const unit = `libpod-${String(await inspected(a, 'web', '.ID'))}.scope`;
    t.deepEqual(await scope(a, unit, await inspected(a, 'web', '.State.Pid')), activeScope(64 * 2 ** 20));
    t.is(await b.sh('podman ps --all --quiet'), '');
    await noUnits(t, b);
    await a.sh('podman rm --force --time 0 web');
    await noUnits(t, a);
  },
);
