// A container of podman's in which systemd is init, on hosts with cgroups of version 2.
import test from 'ava';
import type { Host } from '../lab/host.ts';
import { emptyPodman } from '../lab/podman.ts';
import { unifiedCgroups } from '../lab/unified-cgroups.ts';
import { phaul } from '../migration/phaul.ts';
import { podmanLab } from './podman-stage.ts';

const hosts = podmanLab();
test.before(async () => {
  for (const host of hosts().slice(0, 2)) await unifiedCgroups(host);
});

// Programs are the host's, which has systemd; the rest is as on the first start of a new machine.
const image = `
mkdir -p /run/image/etc/systemd/system/multi-user.target.wants /run/image/usr; cd /run/image
mkdir dev proc run sys tmp root var; ln -s usr/bin usr/sbin usr/lib usr/lib64 .
cp /etc/passwd /etc/group etc/; : >etc/machine-id
cd etc/systemd/system
ln -s /dev/null systemd-logind.service # It wants D-Bus.
cat >counter.service <<'END'
[Service]
ExecStart=/bin/sh -c 'i=0; while :; do i=$$((i+1)); echo $$i >/run/next; mv /run/next /run/count; sleep 0.1; done'
END
printf '[Service]\\nExecStart=/bin/sleep infinity\\n' >later.service
ln -s ../counter.service multi-user.target.wants/
cd /run/image; mkdir etc/systemd/system.conf.d
printf '[Manager]\\nDefaultMemoryPressureWatch=off\\n' >etc/systemd/system.conf.d/movable.conf
tar -c . | podman import - localhost/systemd:1; cd /; rm -r /run/image`;

// No limits: the machine may have the controllers elsewhere.
const options =
  '--systemd=always --pids-limit 0 -e MEMORY_PRESSURE_WATCH=/dev/null -v /usr:/usr:ro --network none';

/** What systemd says of itself and of what was started before the move, and all cgroups. */
const said = (host: Host): Promise<string> =>
  host.sh(`
    podman exec web systemctl is-system-running --wait || true
    podman exec web systemctl show -p MainPID,ActiveState counter systemd-journald
    podman exec web find /sys/fs/cgroup -type d | sort`);

test.serial('systemd moves and comes back', async (t) => {
  const [a, b] = hosts();
  await a.sh(image);
  await a.sh(`podman run -d --name web ${options} localhost/systemd:1 /usr/lib/systemd/systemd </dev/null`);
  // It is asked only when it hears: before that there is no answer to wait for.
  await a.sh(
    `until podman exec web systemctl is-system-running --wait 2>/dev/null | grep -E 'running|degraded'; do sleep 0.1; done`,
    { timeoutMs: 120_000 },
  );
  const before = await said(a);
  t.regex(before, /^running\n/);
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    const { exitCode, summary, text } = await phaul(from, ['web', to.name]);
    t.is(exitCode, 0, text);
    t.true(
      summary?.warnings.some((warning) => /systemctl daemon-reexec/.test(warning)),
      text,
    );
    t.is(await said(to), before);
    const count = await to.sh('podman exec web cat /run/count');
    await to.sh(`until [ "$(podman exec web cat /run/count)" -gt ${count} ]; do sleep 0.1; done`);
    await to.sh('podman exec web systemctl start later; podman exec web systemctl stop later');
  }
  // With its own signal, by which systemd shuts down.
  await a.sh('podman stop --time 120 web');
  t.is(await a.sh("podman inspect --format '{{.State.ExitCode}}' web"), '0');
  for (const host of [a, b]) {
    await emptyPodman(host);
    await host.sh('podman rmi localhost/systemd:1');
  }
});
