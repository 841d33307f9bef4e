import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import type { Host } from '../lab/host.ts';
import { Lab } from '../lab/lab.ts';
import { emptyPodman, image, inspected, preparePodman } from '../lab/podman.ts';
import { type PhaulEnd, phaul } from '../migration/phaul.ts';

/** Has the tests of a file take place in a lab whose hosts a and b have podman, of which no container stays from one test to the next. Gives a, b and c. */
export function podmanLab(): () => readonly [Host, Host, Host] {
  let lab: Lab;
  test.before(async () => {
    lab = await Lab.up();
    await preparePodman(lab.host('a'), lab.host('b'));
  });
  test.afterEach.always(async () => {
    for (const host of [lab.host('a'), lab.host('b')]) {
      await emptyPodman(host);
      await host.sh(`
      if [ -e /sys/class/net/vct101 ]; then ip link del vct101; fi
      if [ -e /run/netns/ct101 ]; then ip netns del ct101; fi
      rm -rf /srv/bound /srv/outside /srv/.phaul-left-*`);
    }
  });
  test.after.always(() => Lab.down());
  return () => [lab.host('a'), lab.host('b'), lab.host('c')];
}

export async function moved(t: ExecutionContext, from: Host, args: readonly string[]): Promise<PhaulEnd> {
  const end = await phaul(from, args);
  t.is(end.exitCode, 0, end.text);
  t.deepEqual(end.summary?.warnings, [], end.text);
  return end;
}

export const status = (host: Host, name: string): Promise<unknown> => inspected(host, name, '.State.Status');

export async function until(what: () => Promise<boolean>): Promise<void> {
  while (!(await what())) await sleep(50);
}

/** Starts a container that runs `script`, with more of podman's options. */
export async function start(host: Host, name: string, script: string, options = ''): Promise<void> {
  await host.write(`/run/${name}.sh`, script);
  await host.sh(
    `podman run -d --name ${name} ${options} ${image} sh -c "$(cat /run/${name}.sh)" </dev/null; rm /run/${name}.sh`,
  );
}

/** What a user sees of it, whichever host it is on. */
export const looks = (host: Host, name: string): Promise<unknown[]> =>
  Promise.all(
    ['.ID', '.Name', '.Image', '.ImageName', '.Config', '.HostConfig', '.Mounts', '.OCIRuntime'].map((part) =>
      inspected(host, name, part),
    ),
  );

/** All that podman has on a host, and what is mounted and runs for it. */
export const footprint = (host: Host): Promise<string> =>
  host.sh(`
    podman ps --all --no-trunc --format '{{.ID}} {{.Names}} {{.State}} {{.Pid}}'; podman volume ls
    podman images --no-trunc --format '{{.Repository}} {{.Id}}'; runc list
    grep -E ' /(var/lib/containers|run/phaul)/' /proc/self/mounts || true; pgrep -la conmon | grep -v defunct || true
    ls /var/tmp /dev/pts; ls -I 'containers.*' /var/lib/containers/storage/overlay-containers /run/phaul /run/netns 2>/dev/null | grep -v -e :$ -e ^$ | sort`);
