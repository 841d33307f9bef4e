// A container of podman's on hosts whose kernel tracks written memory, with cgroup v2. How runc does with that: precopy.lab.test.ts.
import test from 'ava';
import { createNetwork, ct101 } from '../lab/container.ts';
import { image, inspected, preparePodman } from '../lab/podman.ts';
import { VmLab } from '../lab/vm/vm-lab.ts';
import { movedAhead } from './moved-ahead.ts';

// The machines are slow, and slower yet while this one is busy.
const patienceMs = 8 * 60_000;

let lab: VmLab;
test.before(async (t) => {
  t.timeout(patienceMs);
  lab = await VmLab.up();
  await preparePodman(lab.host('a'), lab.host('b'));
});
test.after.always(() => VmLab.down());

test.serial('Redis in podman, run by crun, moves ahead of itself and loses no connection', async (t) => {
  t.timeout(patienceMs);
  const [a, b] = [lab.host('a'), lab.host('b')];
  await createNetwork(a, ct101);
  const server = 'redis-server --bind 0.0.0.0 --protected-mode no --enable-debug-command yes --save ""';
  const options = '--runtime crun --network ns:/run/netns/ct101 --memory 300m';
  await a.sh(`podman run -d --name web ${options} ${image} ${server} </dev/null`, { timeoutMs: 120_000 });
  await movedAhead(t, lab, 'web');
  t.deepEqual(
    [await inspected(a, 'web', '.ID'), await inspected(b, 'web', '.State.Status')],
    [null, 'running'],
  );
  t.is(await b.sh('podman exec web cat /sys/fs/cgroup/memory.max'), String(300 * 2 ** 20));
  t.regex(await b.sh('podman logs web'), /Ready to accept connections/);
  await b.sh('podman stop --time 10 web', { timeoutMs: 60_000 });
  t.is(await inspected(b, 'web', '.State.Status'), 'exited');
});
