import type { Host } from './host.ts';

/** An image with what /srv/rootfs-redis has: Redis, Python, busybox. */
export const image = 'localhost/lab:1';

/** Gives podman on these hosts a place for its storage, which overlayfs must be able to use, and the first of them the image, which is the same on the second. */
export async function preparePodman(one: Host, other: Host): Promise<void> {
  for (const host of [one, other])
    await host.sh('mkdir -p /var/lib/containers; mount -t tmpfs containers /var/lib/containers');
  // Virtual machines are slow.
  const slow = { timeoutMs: 180_000 };
  await one.sh(`tar -C /srv/rootfs-redis -c . | podman import - ${image}`, slow);
  await one.sh(`podman save ${image} | ssh ${other.name} podman load`, slow);
}

/** What `podman inspect` says of a container, one value, as JSON; null: podman knows none. */
export async function inspected(host: Host, name: string, format: string): Promise<unknown> {
  const { exitCode, stdout, stderr } = await host.run(
    ['podman', 'container', 'inspect', '--format', `{{json ${format}}}`, name],
    {
      check: false,
    },
  );
  if (exitCode === 0) return JSON.parse(stdout);
  if (/no such container/i.test(stderr)) return null;
  throw new Error(`podman does not say ${format} of ${name}: ${stderr}`);
}

/** Removes all of podman's containers and volumes, however they are. */
export async function emptyPodman(host: Host): Promise<void> {
  await host.sh(
    'podman rm --all --force --time 0 || podman rm --all --force --time 0; podman volume prune --force',
  );
}
