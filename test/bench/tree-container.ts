import { createNetwork, ct101 } from '../lab/container.ts';
import { mountDisk } from '../lab/disk.ts';
import type { Host } from '../lab/host.ts';
import type { Lab } from '../lab/lab.ts';
import { ociConfig } from '../lab/oci-config.ts';

/** The bundle of ct101 with its large root, on a disk of its own. */
export const bundle = '/disk/ct101';

/** How large the root is. For trying things out: less, by the environment. */
const size = {
  files: Number(process.env['PHAUL_BENCH_FILES'] ?? 200_000),
  mebibytes: Number(process.env['PHAUL_BENCH_MEBIBYTES'] ?? 5120),
};

// When it is asked to stop, it writes a word that was never there before into a hundred files, and ends.
const init = `
trap 'read -r word </proc/sys/kernel/random/uuid
  while read -r name; do printf %s "$word" 1<>"$name"; done </changing
  exit' TERM
sleep 1000000 &
wait`;

/** Makes the bundle on host a, and copies it to b. Both go with the lab. */
export async function makeTree(lab: Lab, type: 'ext4' | 'btrfs'): Promise<void> {
  const [a, b] = [lab.host('a'), lab.host('b')];
  const { files, mebibytes } = size;
  for (const host of [a, b]) {
    await mountDisk(host, { path: '/disk', type, mebibytes: Math.ceil(mebibytes * 1.3) + 1024 });
    await host.run(type === 'btrfs' ? ['btrfs', 'subvolume', 'create', bundle] : ['mkdir', bundle]);
  }
  const root = `${bundle}/rootfs`;
  await a.sh(`mkdir ${bundle}/data; cp -a /srv/rootfs-redis ${root}`);
  await a.run(['python3', '/opt/phaul/test/bench/make-tree.py', root, String(files), String(mebibytes)]);
  const args = ['/bin/busybox', 'sh', '-c', init];
  const config = ociConfig({ id: ct101.id, args, data: `${bundle}/data` });
  await a.write(`${bundle}/config.json`, JSON.stringify(config));
  await a.run(['rsync', '-a', `${bundle}/`, `b:${bundle}/`]);
}

/** Starts ct101 from the bundle. */
export async function startTree(host: Host): Promise<void> {
  await createNetwork(host, ct101);
  const log = '/run/ct101.log';
  await host.sh(`
    runc --log ${log} run -d --bundle ${bundle} ct101 </dev/null >/dev/null 2>&1 || { cat ${log} >&2; exit 1; }`);
}

/** What is in the files that change, in one word. */
export function contentsOfChanging(host: Host): Promise<string> {
  return host.sh(`cd ${bundle}/rootfs; sed 's,^,.,' changing | xargs sha256sum | sha256sum`);
}

/** What differs between the bundles of the two hosts, as rsync sees it (by size and time); empty: nothing. */
export async function differences(lab: Lab): Promise<string> {
  const { stdout } = await lab
    .host('a')
    .run(['rsync', '-aHAXn', '--delete', '--itemize-changes', `${bundle}/`, `b:${bundle}/`]);
  return stdout.trim();
}
