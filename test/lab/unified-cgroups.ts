import type { Host } from './host.ts';

/** The host keeps the cgroups of version 2 alone, in the usual place, as a systemd from 256 on wants them. They have no controllers where the machine has these elsewhere. */
export async function unifiedCgroups(host: Host): Promise<void> {
  await host.sh(`
    cd /sys/fs/cgroup
    if [ ! -e cgroup.controllers ]; then
      for each in *; do umount -l "$each"; done
      cd /; umount -l /sys/fs/cgroup; mount -t cgroup2 cgroup /sys/fs/cgroup
    fi`);
}
