// A container of LXC's in which systemd is init, on hosts with cgroups of version 2: what it must be like to be moved, and that it is whole afterwards.
import test from 'ava';
import { typedAt } from '../docs/blocks.ts';
import type { Host } from '../lab/host.ts';
import { Lab } from '../lab/lab.ts';
import { lxcConfig } from '../lab/lxc-config.ts';
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

// Programs are the host's, which has systemd; the rest is as on the first start of a new machine.
const rootfs = `
cd /var/lib/lxc/deb
mkdir -p rootfs/etc/systemd/system/multi-user.target.wants rootfs/usr rootfs/var/log/journal
cd rootfs
mkdir -p dev proc run sys tmp root; ln -s usr/bin usr/sbin usr/lib usr/lib64 .
cp /etc/passwd /etc/group etc/; : >etc/machine-id
cp /usr/share/zoneinfo/Etc/UTC etc/; ln -s UTC etc/localtime # Which systemd watches.
ln -s /dev/null etc/systemd/system/systemd-logind.service # It wants D-Bus.
cd etc/systemd/system
cat >counter.service <<'END'
[Service]
ExecStart=/bin/sh -c 'i=0; while :; do i=$((i+1)); echo $i >/run/count; sleep 0.1; done'
END
cat >secluded.service <<'END'
[Service]
PrivateTmp=yes
ProtectHostname=yes
ExecStart=/bin/sleep infinity
END
printf '[Service]\\nExecStart=/bin/sleep infinity\\n' >later.service
sed 's/^Priv.*/PrivateTmp=yes/; /^ProtectH/d' secluded.service >another.service
ln -s ../counter.service ../secluded.service ../another.service multi-user.target.wants/`;

// What docs/lxc.md says to type.
const movable = typedAt('lxc')
  .map(({ text }) => text.replaceAll('NAME', 'deb'))
  .join('\n');

const inside = (host: Host, command: string): Promise<string> =>
  host.sh(`lxc-attach -n deb -- ${command}`, { timeoutMs: 60_000 });

const start = async (): Promise<void> => {
  await a.sh(`lxc-start -n deb -l ERROR -o /run/lxc.log || { cat /run/lxc.log >&2; exit 1; }`);
  await a.sh(
    `until lxc-attach -n deb -- systemctl is-system-running --wait 2>/dev/null | grep -E 'running|degraded'; do sleep 0.1; done`,
    { timeoutMs: 60_000 },
  );
};

const payload = '/sys/fs/cgroup/lxc.payload.deb';
const cgroups = (host: Host): Promise<string> => host.sh(`cd ${payload}; find . -type d | sort`);
/** What systemd says of itself, and of what was started before the move: their pids, too. */
const said = (host: Host): Promise<string> =>
  inside(
    host,
    'sh -c "systemctl is-system-running; systemctl list-units --failed --no-legend; systemctl show -p MainPID,ActiveState counter secluded another systemd-journald console-getty"',
  );

test.serial('systemd moves and comes back once it does without what CRIU cannot move', async (t) => {
  await a.sh('mkdir -p /var/lib/lxc/deb');
  const config = lxcConfig({
    name: 'deb',
    rootfs: 'dir:/var/lib/lxc/deb/rootfs',
    command: '/usr/lib/systemd/systemd',
    bridge: 'br0',
    address: '10.77.0.101/24',
    mounts: ['/usr usr none bind,ro 0 0'],
  });
  // With a console and terminals of its own, as lxc-create makes it.
  await a.write('/var/lib/lxc/deb/config', config.replace(/^lxc\.(console\.path|tty\.max).*\n/gm, ''));
  await a.sh(rootfs);
  await start();
  const { error } = await phaul(a, ['--dry-run', 'deb', 'b']);
  const refusals = error?.refusals?.map(({ code, message }) => `${code}: ${message}`).join('\n') ?? '';
  t.regex(refusals, /^FILE_UNSUPPORTED: systemd .* watches .*memory\.pressure/m);
  t.regex(refusals, /^FILE_UNSUPPORTED: systemd .* has a BPF program/m);
  t.regex(refusals, /^NESTED_CONTAINER: sleep .*uts/m);
  t.regex(refusals, /^NESTED_CONTAINER: Sandboxes .*\/run\/systemd\/incoming/m);

  await a.sh(`lxc-stop -n deb -t 10; ${movable}`);
  await start();
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
  await a.sh('lxc-stop -n deb -t 30 --nokill', { timeoutMs: 40_000 });
  t.is(await lxcState(a, 'deb'), 'STOPPED');
  t.is(await a.sh('find /sys/fs/cgroup -name "lxc.payload.*"'), '');
});
