import { inCgroups, start } from './command.ts';
import { type HostName, hostAddress, hostNames } from './host.ts';

/**
 * The lab's network is a bridge in a network namespace of its own, kept by one process: the switch. Each host has a
 * cable to it, called eth0 on the host and by the host's name on the switch, and a bridge br0 that holds the host's
 * address and is where containers are plugged in. It all goes away with the processes; none of it is in the machine's
 * own network namespace.
 */
const switchScript = `
echo $$
ip link add br0 type bridge
ip link set br0 up
echo ready
exec -a lab-switch sleep infinity </dev/null >/dev/null 2>&1`;

/** The argument vector that becomes the switch: it prints its PID, then `ready`, as a host does. */
export function switchCommand(cgroups: readonly string[]): string[] {
  return inCgroups(cgroups, ['unshare', '--net', 'bash', '-ec', switchScript]);
}

/** Lays the cable from a host to the switch and gives the host its address. PIDs are those on the machine. */
export async function connect(switchPid: number, name: HostName, hostPid: number): Promise<void> {
  await ip(switchPid, `link add name ${name} type veth peer name eth0 netns ${hostPid}`, plug(name));
  await ip(
    hostPid,
    'link set lo up',
    // Without an address of its own a bridge takes one from its ports, and changes it with each container.
    `link add br0 address 02:00:0a:4d:00:0${hostNames.indexOf(name) + 1} type bridge`,
    `addr add ${hostAddress(name)}/24 dev br0`,
    'link set br0 up',
    'link set eth0 up master br0',
  );
}

/** Pulls the cable of a host: its eth0 loses the carrier. */
export function pullCable(switchPid: number, name: HostName): Promise<void> {
  return ip(switchPid, `link set dev ${name} down`);
}

/** Plugs it in again. */
export function plugCable(switchPid: number, name: HostName): Promise<void> {
  return ip(switchPid, plug(name));
}

// In the family bridge: what the switch hands on. The hosts' own traffic with others is not touched.
const table = 'bridge lab-block';

/**
 * Lets nothing that one host sends reach the other; what goes the other way, or to a third, passes. The carrier stays: nobody is told.
 * @param toolsPid a process of a host: the machine itself need not have nft
 */
export function blockPackets(
  switchPid: number,
  toolsPid: number,
  from: HostName,
  to: HostName,
): Promise<void> {
  return nft(
    switchPid,
    toolsPid,
    `add table ${table}`,
    `add chain ${table} forward { type filter hook forward priority 0; policy accept; }`,
    `add rule ${table} forward iifname ${from} oifname ${to} drop`,
  );
}

/** Everything passes again. */
export function passPackets(switchPid: number, toolsPid: number): Promise<void> {
  return nft(switchPid, toolsPid, `add table ${table}`, `delete table ${table}`);
}

async function nft(switchPid: number, toolsPid: number, ...commands: string[]): Promise<void> {
  const argv = ['nsenter', '-t', String(toolsPid), '-m', `--net=/proc/${switchPid}/ns/net`, 'nft', '-f', '-'];
  await start(argv, argv.join(' '), { input: `${commands.join('\n')}\n` }).result;
}

function plug(name: HostName): string {
  return `link set dev ${name} up master br0`;
}

async function ip(pid: number, ...commands: string[]): Promise<void> {
  const argv = ['nsenter', '-t', String(pid), '-n', 'ip', '-batch', '-'];
  await start(argv, argv.join(' '), { input: `${commands.join('\n')}\n` }).result;
}
