import type { Host } from './host.ts';

/**
 * What systemd says of a container's scope, and the kernel of its cgroup: its state, the limit of its memory, how many cgroups the container's first
 * process is in that are in there.
 */
export async function scope(host: Host, unit: string, pid: unknown): Promise<string[]> {
  const said = await host.sh(`
    systemctl show --property ActiveState,SubState --value ${unit}
    at=$(systemctl show --property ControlGroup --value ${unit})
    cat "/sys/fs/cgroup/$at/memory.max"; cut -d : -f 3 /proc/${String(pid)}/cgroup | grep -c "^$at"`);
  return said.split('\n');
}

/** What `scope` gives of one that is as it should be. @param memory its limit, in bytes */
export const activeScope = (memory: number): string[] => ['active', 'running', String(memory), '1'];

/** All scopes of containers that systemd knows, and whatever has failed. */
export const units = (host: Host): Promise<string> =>
  host.sh(`
    systemctl list-units --all --plain --no-legend 'libpod*' 'oci-*'
    systemctl list-units --failed --plain --no-legend`);
