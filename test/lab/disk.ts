import type { Host } from './host.ts';

/** A file system of a host's own, on a loop device. */
export interface Disk {
  /** Where it is mounted on the host; made if it is missing. */
  readonly path: string;
  readonly type: 'btrfs' | 'ext4';
  /** 64 are enough for btrfs. The file behind it is sparse and lies in the host's memory. */
  readonly mebibytes: number;
}

// The loop devices are the whole machine's: any number may be the next free one, and this host's /dev has nodes for few.
// `mount` marks the device to free itself: it is gone when the mount is, and that is gone when the host is, however it ends.
const mount = `
for number in $(seq 0 99); do [ -b "/dev/loop$number" ] || mknod "/dev/loop$number" b 7 "$number"; done
mount -o loop "$1" "$2"`;

/** Makes an empty file system on a host and mounts it. It goes with the host, or with `unmountDisk`. */
export async function mountDisk(host: Host, { path, type, mebibytes }: Disk): Promise<void> {
  const image = imageOf(path);
  await host.run([
    'sh',
    '-euc',
    'mkdir -p "$1" /run/disks; truncate -s "$3" "$2"',
    'sh',
    path,
    image,
    `${mebibytes}M`,
  ]);
  const [file = '', ...args] = makers[type];
  await host.run([file, ...args, image]);
  await host.run(['sh', '-euc', mount, 'sh', image, path]);
}

/** Takes away what `mountDisk` made, with all that is in it. Throws if it is in use. */
export async function unmountDisk(host: Host, path: string): Promise<void> {
  await host.run(['sh', '-euc', 'umount "$1"; rm "$2"', 'sh', path, imageOf(path)]);
}

// One copy of the metadata: the default, two, takes a third of a small disk.
const makers = {
  btrfs: ['mkfs.btrfs', '--quiet', '--metadata', 'single'],
  ext4: ['mkfs.ext4', '-q'],
} as const;

const imageOf = (path: string): string => `/run/disks/${encodeURIComponent(path)}`;
