// Containers of podman's with a terminal, whose other end conmon has.
import test from 'ava';
import { phaul } from '../migration/phaul.ts';
import { failed } from '../migration/stage.ts';
import { footprint, looks, moved, podmanLab, start } from './podman-stage.ts';

const hosts = podmanLab();
const hearing = 'stty -echo; while read -r line; do echo "heard $line"; done';

/** A person who types a line at the container's terminal, and sees the answer. */
const typed = (line: string): string => `import os, subprocess
here, there = os.openpty()
attach = subprocess.Popen(["podman", "attach", "--sig-proxy=false", "web"], stdin=there, stdout=there, stderr=there)
os.write(here, b"${line}\\r")
said = b""
while b"heard ${line}" not in said: said += os.read(here, 4096)
attach.kill()`;

test.serial('a container with a terminal goes on listening to who types there', async (t) => {
  const [a, b] = hosts();
  // A login gives a terminal to the user.
  await start(a, 'web', `chown 7:8 /dev/console; chmod 640 /dev/console; ${hearing}`, '-it');
  const before = await looks(a, 'web');
  for (const [from, to, line] of [
    [a, b, 'one'],
    [b, a, 'two'],
  ] as const) {
    await moved(t, from, ['web', to.name]);
    await to.sh(`timeout 120 python3 -c '${typed(line)}'`);
    t.is(await to.sh("podman exec web stat -c '%u:%g %a' /dev/console"), '7:8 640');
  }
  t.is((await a.sh('podman logs web')).replaceAll('\r', ''), 'heard one\nheard two');
  t.deepEqual(await looks(a, 'web'), before);
  await a.sh('podman restart --time 0 web');
  await a.sh(`timeout 120 python3 -c '${typed('three')}'`);
  t.is(await b.sh('ls /dev/pts'), 'ptmx');
});

// podman gives conmon /var/tmp for that.
const socket = '/var/tmp/conmon-term.*';

/** What happens on the target when conmon begins to wait there for the terminal, which is a moment before phaul has it. */
const mishaps: Readonly<
  Record<string, { readonly script: string; readonly message: RegExp; readonly late?: true }>
> = {
  'the socket at which conmon waits for it is removed': {
    script: `until ls ${socket}; do sleep 0.005; done; rm ${socket}`,
    message: /conmon on the target does not take the container's terminal: /,
  },
  'conmon dies before it has it': {
    script: `until ls ${socket}; do sleep 0.005; done; pkill -KILL -x conmon`,
    message: /podman on the target cannot restore the container: conmon has ended too early/,
  },
  'conmon dies as soon as it has it': {
    script: `until ls ${socket}; do sleep 0.005; done; while ls ${socket}; do sleep 0.005; done; pkill -KILL -x conmon`,
    message: /conmon has ended too early|What was prepared for CRIU has gone: /,
    // CRIU may be at work by then, and it ends with conmon.
    late: true,
  },
  'the target has no terminal left': {
    script: `mount -o remount,max=1 /dev/pts; python3 -c 'import os, signal; os.openpty(); signal.pause()'`,
    message: /The target makes no terminal for the container: ENOSPC/,
  },
};

for (const [mishap, { script, message, late }] of Object.entries(mishaps))
  test.serial(`where ${mishap} the container keeps its terminal on the source`, async (t) => {
    const [a, b] = hosts();
    await start(a, 'web', hearing, '-it');
    const [onA, onB] = [await footprint(a), await footprint(b)];
    const happens = b.spawn(['sh', '-c', script], { check: false });
    const end = await phaul(a, ['web', 'b']);
    happens.kill('SIGKILL');
    await happens.result;
    await b.sh('mount -o remount,max=1048576 /dev/pts');
    if (late && end.error?.code === 'CRIU_DIED') failed(t, end, { code: 'CRIU_DIED' });
    else failed(t, end, { code: 'DRIVER_FAILED', act: 'iterate', host: 'target', message });
    t.is(await footprint(b), onB);
    t.is(await footprint(a), onA);
    await a.sh(`timeout 120 python3 -c '${typed('one')}'`);
  });
