// A container of LXC in which systemd is init, on hosts whose kernel tracks written memory, with cgroup v2 and its controllers, and mounts that follow the host's.
import test from 'ava';
import type { Host } from '../lab/host.ts';
import { lxcState, stopLxcContainer } from '../lab/lxc.ts';
import { makeMovable, makeSystemdContainer, startSystemd } from '../lab/lxc-systemd.ts';
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

/** What systemd says of Redis and itself, and the kernel of Redis's limits. */
const said = (host: Host): Promise<string> =>
  host.sh(`
    lxc-attach -n ct101 -- systemctl show -p MainPID,ActiveState redis
    cd /sys/fs/cgroup/lxc.payload.ct101/system.slice/redis.service; cat memory.max pids.max
    lxc-attach -n ct101 -- systemctl is-system-running`);
const withoutPid = (text: string): string => text.replace(/^MainPID=.*\n/, '');

test.serial(
  'Redis as a service of systemd in LXC moves ahead of itself, and loses neither a connection nor a limit',
  async (t) => {
    t.timeout(patienceMs);
    const [a, b] = [lab.host('a'), lab.host('b')];
    const more = ['lxc.cgroup2.memory.max = 300M', 'lxc.start.auto = 1'];
    const address = '10.77.0.101/24';
    const services = { redis: `ExecStart=${redisCommand}\nMemoryMax=200M\nTasksMax=77` };
    await makeSystemdContainer(a, { name: 'ct101', address, more, services, started: ['redis'] });
    await makeMovable(a, 'ct101');
    await startSystemd(a, 'ct101');
    const before = await said(a);
    t.regex(before, /^MainPID=[1-9].*\nActiveState=active\n.*\n.*\nrunning$/);
    await movedAhead(t, lab, 'ct101');
    t.deepEqual([await lxcState(a, 'ct101'), await lxcState(b, 'ct101')], ['', 'RUNNING']);
    t.regex(await b.sh('lxc-ls -f -F NAME,STATE,AUTOSTART'), /ct101\s+RUNNING\s+1/);
    t.is(await said(b), before);
    t.is(Number(await b.sh('lxc-cgroup -n ct101 memory.max')), 300 * 2 ** 20);
    // Which devices it may use is a program of the kernel's, which does not travel: /dev/kmsg is none of them.
    const kmsg = 'mknod /root/kmsg c 1 11; head -c 1 /root/kmsg';
    const { exitCode, stderr } = await b.run(['lxc-attach', '-n', 'ct101', '--', 'sh', '-c', kmsg], {
      check: false,
    });
    t.not(exitCode, 0, 'a device that it may not use');
    t.regex(stderr, /not permitted/);
    await b.sh('lxc-attach -n ct101 -- systemctl restart redis');
    t.is(await said(b).then(withoutPid), withoutPid(before));
    await stopLxcContainer(b, 'ct101');
    t.is(await lxcState(b, 'ct101'), 'STOPPED');
  },
);
