// Containers of LXC with a console and terminals, whose other ends LXC's monitor has.
import test from 'ava';
import type { Host } from '../lab/host.ts';
import { Lab } from '../lab/lab.ts';
import { lxcState, removeLxcContainer, stopLxcContainer } from '../lab/lxc.ts';
import { oneHierarchy } from '../lab/one-hierarchy.ts';
import { phaul } from '../migration/phaul.ts';
import { failed } from '../migration/stage.ts';

let a: Host;
let b: Host;
test.before(async () => {
  const lab = await Lab.up();
  [a, b] = [lab.host('a'), lab.host('b')];
  for (const host of [a, b]) await oneHierarchy(host);
});
test.afterEach.always(async () => {
  for (const host of [a, b]) await removeLxcContainer(host, 'plain');
});
test.after.always(() => Lab.down());

/** As the template has it: a shell waits at the console, and a getty at the first of five terminals. */
async function make(): Promise<void> {
  await a.write(
    '/run/made.conf',
    ['type = veth', 'link = br0', 'flags = up'].map((line) => `lxc.net.0.${line}\n`).join(''),
  );
  await a.sh(`
    lxc-create -n plain -f /run/made.conf -t busybox >/dev/null; rm /run/made.conf
    printf '#!/bin/sh\\nsyslogd\\n' >/var/lib/lxc/plain/rootfs/etc/init.d/rcS
    lxc-start -n plain; lxc-wait -n plain -s RUNNING
    init=$(lxc-info -n plain -pH)
    # Looked at from outside: whoever looks from inside has a pid there, which then is none of theirs. The second init waits for somebody at the console.
    until pgrep -P $init -x getty && shell=$(pgrep -P $init -x init) && [ "$(ps -o sid= -p $shell)" -eq $shell ]; do sleep 0.05; done`);
}

/**
 * A person who presses Enter at the console, and asks. Not before the terminal is raw: lxc-console discards what was
 * typed until then (lxc, terminal.c, lxc_console: the message first, then tcsetattr with TCSAFLUSH).
 */
const atConsole = `import os, subprocess, time
here, there = os.openpty()
console = subprocess.Popen(["lxc-console", "-n", "plain", "-t", "0"], stdin=there, stdout=there, stderr=there)
def hear(word):
    said = b""
    while word not in said: said += os.read(here, 4096)
while b"-icanon" not in subprocess.check_output(["stty", "-a"], stdin=there): time.sleep(0.01)
os.write(here, b"\\r")
hear(b"#")
os.write(here, b"echo answer $((6*7))\\r")
hear(b"answer 42")
console.kill()
console.wait()`;

test.serial(
  'one that lxc-create has made moves and comes back, with its terminals and what is read-only',
  async (t) => {
    await make();
    const programs = 'lxc-attach -n plain -- sh -c "cat /proc/[1-6]/comm; ps -o pid,sid,pgid | sed -n 2,5p"';
    const readOnly = `sed -n 's/^[^/]*[^ ]* \\([^ ]*\\) ro,.*/\\1/p' /proc/$(lxc-info -n plain -pH)/mountinfo | sort`;
    const before = await a.sh(`${programs}; ${readOnly}`);
    const getty = await a.sh('lxc-attach -n plain -- pidof getty');
    t.regex(before, /^getty$/m);
    t.regex(before, /^\/lib$/m);
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      const { exitCode, text } = await phaul(from, ['plain', to.name]);
      t.is(exitCode, 0, text);
      t.deepEqual([await lxcState(from, 'plain'), await lxcState(to, 'plain')], ['', 'RUNNING']);
      t.is(await to.sh(`${programs}; ${readOnly}`), before);
    }
    await a.sh(`timeout 120 python3 -c '${atConsole}'`);
    // Its getty still has somebody at the other end, or another would have taken its place.
    t.is(await a.sh('lxc-attach -n plain -- pidof getty'), getty);
    await stopLxcContainer(a, 'plain', '-t 5');
    t.is(await a.sh('ls /dev/pts'), 'ptmx');
  },
);

/** Why there may be too few terminals on the target, and what ends that. */
const mishaps: Readonly<
  Record<string, { readonly onA?: string; readonly onB?: string; readonly message: RegExp }>
> = {
  'LXC there makes no console, because its configuration says so since it has been started,': {
    onA: 'echo "lxc.console.path = none" >>/var/lib/lxc/plain/config',
    message: /LXC on the target has made no console for the container/,
  },
  'the target has fewer terminals left than it has': {
    onB: 'mount -o remount,max=2 /dev/pts',
    message: /The target makes no terminal for the container: ENOSPC/,
  },
  'the target has none left for the console': {
    onB: 'mount -o remount,max=5 /dev/pts',
    message: /LXC on the target cannot restore plain: .* console/,
  },
};

/** All that LXC and phaul have on a host. */
const traces = (host: Host): Promise<string> =>
  host.sh(`
    ls /dev/pts; ls -A /var/lib/lxc; ip netns list; ls /run/phaul 2>/dev/null || true
    find /sys/fs/cgroup -name 'lxc.payload.*' -o -name 'lxc.monitor.*'
    pgrep -l lxc | grep -v defunct || true; grep -e lxc -e run/phaul /proc/self/mounts || true`);

for (const [mishap, { onA = 'true', onB = 'true', message }] of Object.entries(mishaps))
  test.serial(`where ${mishap} the container stays on the source with those that it has`, async (t) => {
    await make();
    const getty = await a.sh('lxc-attach -n plain -- pidof getty');
    await a.sh(onA);
    const [before, beforeOnB] = [await traces(a), await traces(b)];
    await b.sh(onB);
    const end = await phaul(a, ['plain', 'b']);
    await b.sh('mount -o remount,max=1048576 /dev/pts');
    failed(t, end, { code: 'DRIVER_FAILED', act: 'prepare', host: 'target', message });
    t.is(await traces(b), beforeOnB);
    t.is(await traces(a), before);
    t.is(await a.sh('lxc-attach -n plain -- pidof getty'), getty);
    await a.sh(`timeout 120 python3 -c '${atConsole}'`);
  });
