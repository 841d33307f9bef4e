// A container of LXC on hosts whose kernel tracks written memory, with cgroup v2, and mounts that follow the host's.
import test from 'ava';
import { lxcState, startLxcContainer } from '../lab/lxc.ts';
import { redisCommand } from '../lab/redis.ts';
import { VmLab } from '../lab/vm/vm-lab.ts';
import { movedAhead } from './moved-ahead.ts';

// The machines are slow, and slower yet while this one is busy.
const patienceMs = 6 * 60_000;

let lab: VmLab;
test.before(async (t) => {
  t.timeout(patienceMs);
  lab = await VmLab.up();
});
test.after.always(() => VmLab.down());

test.serial('Redis in LXC moves ahead of itself and loses no connection', async (t) => {
  t.timeout(patienceMs);
  const [a, b] = [lab.host('a'), lab.host('b')];
  const more = ['lxc.cgroup2.memory.max = 300M', 'lxc.start.auto = 1'];
  const address = '10.77.0.101/24';
  await startLxcContainer(a, { name: 'ct101', command: redisCommand, address, more });
  await movedAhead(t, lab, 'ct101');
  t.deepEqual([await lxcState(a, 'ct101'), await lxcState(b, 'ct101')], ['', 'RUNNING']);
  t.regex(await b.sh('lxc-ls -f -F NAME,STATE,AUTOSTART'), /ct101\s+RUNNING\s+1/);
  t.regex(await b.sh('lxc-attach -n ct101 -- ps'), /redis-server/);
  t.is(Number(await b.sh('lxc-cgroup -n ct101 memory.max')), 300 * 2 ** 20);
  // Which devices it may use is a program of the kernel's, which does not travel: /dev/kmsg is none of them.
  const kmsg = 'mknod /tmp/kmsg c 1 11; head -c 1 /tmp/kmsg';
  const { exitCode, stderr } = await b.run(['lxc-attach', '-n', 'ct101', '--', 'sh', '-c', kmsg], {
    check: false,
  });
  t.not(exitCode, 0, 'a device that it may not use');
  t.regex(stderr, /not permitted/);
  await b.sh('lxc-stop -n ct101 -k');
  t.is(await lxcState(b, 'ct101'), 'STOPPED');
});
