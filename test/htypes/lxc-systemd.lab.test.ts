// A container of LXC's in which systemd is init, on hosts with cgroups of version 2: what it must be like to be moved, and that it is whole afterwards.
import test from 'ava';
import type { Host } from '../lab/host.ts';
import { Lab } from '../lab/lab.ts';
import { makeMovable, makeSystemdContainer, startSystemd } from '../lab/lxc-systemd.ts';
import { lxcState } from '../lab/lxc.ts';
import { unifiedCgroups } from '../lab/unified-cgroups.ts';
import { phaul } from '../migration/phaul.ts';

let a: Host;
let b: Host;
test.before(async () => {
  const lab = await Lab.up();
  [a, b] = [lab.host('a'), lab.host('b')];
  for (const host of [a, b]) await unifiedCgroups(host);
});
test.after.always(() => Lab.down());

const sleeper = 'ExecStart=/bin/sleep infinity';
const services = {
  counter: `ExecStart=/bin/sh -c 'i=0; while :; do i=$((i+1)); echo $i >/run/count; sleep 0.1; done'`,
  secluded: `PrivateTmp=yes\nProtectHostname=yes\n${sleeper}`,
  another: `PrivateTmp=yes\n${sleeper}`,
  later: sleeper,
};

const inside = (host: Host, command: string): Promise<string> =>
  host.sh(`lxc-attach -n deb -- ${command}`, { timeoutMs: 60_000 });

const payload = '/sys/fs/cgroup/lxc.payload.deb';
const cgroups = (host: Host): Promise<string> => host.sh(`cd ${payload}; find . -type d | sort`);
/** What systemd says of itself, and of what was started before the move: their pids, too. */
const said = (host: Host): Promise<string> =>
  inside(
    host,
    'sh -c "systemctl is-system-running; systemctl list-units --failed --no-legend; systemctl show -p MainPID,ActiveState counter secluded another systemd-journald console-getty"',
  );

test.serial('systemd moves and comes back once it does without what CRIU cannot move', async (t) => {
  const started = ['counter', 'secluded', 'another'];
  await makeSystemdContainer(a, { name: 'deb', address: '10.77.0.101/24', services, started });
  await startSystemd(a, 'deb');
  const { error } = await phaul(a, ['--dry-run', 'deb', 'b']);
  const refusals = error?.refusals?.map(({ code, message }) => `${code}: ${message}`).join('\n') ?? '';
  t.regex(refusals, /^FILE_UNSUPPORTED: systemd .* watches .*memory\.pressure/m);
  t.regex(refusals, /^FILE_UNSUPPORTED: systemd .* has a BPF program/m);
  t.regex(refusals, /^NESTED_CONTAINER: sleep .*uts/m);
  t.regex(refusals, /^NESTED_CONTAINER: Sandboxes .*\/run\/systemd\/incoming/m);

  await a.sh('lxc-stop -n deb -t 10');
  await makeMovable(a, 'deb');
  await startSystemd(a, 'deb');
  await a.sh(`echo 7 >${payload}/system.slice/counter.service/cgroup.max.descendants`);
  await inside(a, 'true'); // Makes a cgroup for what is attached.
  const [before, made] = [await said(a), await cgroups(a)];
  t.regex(before, /^running\n/);
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    const { exitCode, text } = await phaul(from, ['deb', to.name]);
    t.is(exitCode, 0, text);
    t.deepEqual([await lxcState(from, 'deb'), await lxcState(to, 'deb')], ['', 'RUNNING']);
    t.is(await said(to), before);
    t.is(await cgroups(to), made);
    t.is(await to.sh(`cat ${payload}/system.slice/counter.service/cgroup.max.descendants`), '7');
    const count = Number(await inside(to, 'cat /run/count'));
    await inside(to, `sh -c 'until [ "$(cat /run/count)" -gt ${count} ]; do sleep 0.1; done'`);
    await inside(to, `sh -c 'echo on ${to.name} | systemd-cat; journalctl --sync'`);
    await inside(to, 'systemctl start later');
    await inside(to, 'systemctl stop later');
  }
  t.regex(await inside(a, 'journalctl -o cat -n 100'), /on b\n[^]*on a$/m);
  // It hears of the end of what it started on the other side of the moves.
  await inside(
    a,
    `sh -c 'systemctl kill -s KILL another; until systemctl is-failed another; do sleep 0.1; done'`,
  );
  await a.sh('lxc-stop -n deb -t 120 --nokill', { timeoutMs: 150_000 });
  t.is(await lxcState(a, 'deb'), 'STOPPED');
  t.is(await a.sh('find /sys/fs/cgroup -name "lxc.payload.*"'), '');
});
