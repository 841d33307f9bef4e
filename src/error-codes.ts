/**
 * The stable error codes: what each means, phaul's exit code for it, and what a user does next.
 * docs/errors.md is generated from this table. Exit codes: 1 failed, the container runs on the source as before; 2 usage;
 * 3 preflight refused, nothing was touched; 4 the target could not be reached, nothing was touched;
 * 5 an operator must look; 130 and 143 ended by SIGINT or SIGTERM, or cancelled, after a clean rollback.
 */
export const codes = {
  USAGE: { exit: 2, meaning: 'The command line is wrong.', hint: 'See phaul --help.' },
  CONTAINER_UNKNOWN: {
    exit: 3,
    meaning: 'No htype on this host knows a container of that name.',
    hint: 'List the containers with their own tool (for instance runc list), or say --type.',
  },
  CONTAINER_AMBIGUOUS: {
    exit: 3,
    meaning: 'Several htypes know a container of that name.',
    hint: 'Say which with --type.',
  },
  CONTAINER_NAME: {
    exit: 2,
    meaning: 'The name is not one that a container can have.',
    hint: 'Names are letters, digits and _ + - . and do not begin with a dot.',
  },
  CONTAINER_STATE: {
    exit: 3,
    meaning: 'The container is not in a state in which it can be moved.',
    hint: 'Start or resume it first.',
  },
  CONTAINER_UNSUPPORTED: {
    exit: 3,
    meaning: 'The container uses something that cannot be moved.',
    hint: 'See docs/troubleshooting.md.',
  },
  ROOTFS_UNSUPPORTED: {
    exit: 3,
    meaning: "The container's root file system is kept in a way that phaul does not move.",
    hint: 'Keep it in a directory or a btrfs subvolume.',
  },
  TERMINAL_OUTSIDE: {
    exit: 3,
    meaning: "The container has terminals whose other ends programs of the host's have.",
    hint: 'Start it without them, or move it with --mode revive.',
  },
  APPARMOR_PROFILE: {
    exit: 3,
    meaning: 'The AppArmor profile that the container runs under is not loaded on the target.',
    hint: 'Load it there, or move the container with --mode revive.',
  },
  IO_URING: {
    exit: 3,
    meaning: 'A process of the container uses io_uring, which CRIU cannot move.',
    hint: 'Start the container anew with kernel.io_uring_disabled=2 (sysctl).',
  },
  FILE_UNSUPPORTED: {
    exit: 3,
    meaning: 'A process of the container has something open that CRIU cannot make anew.',
    hint: 'Stop what uses it, or move the container with --mode revive.',
  },
  WATCH_UNSUPPORTED: {
    exit: 3,
    meaning: 'A process of the container watches a file (inotify, fanotify) that CRIU cannot find by a name.',
    hint: 'Let the process stop watching it (most do when they are reloaded), or move the container with --mode revive.',
  },
  DEVICE_OPEN: {
    exit: 3,
    meaning: "A process of the container uses a device of the host's directly.",
    hint: 'Stop what uses the device, or give the container no access to it.',
  },
  FILE_OUTSIDE: {
    exit: 3,
    meaning: 'A process of the container has a file open that is in none of its mounts.',
    hint: 'Start it without that descriptor: whoever starts it must close it first.',
  },
  FILE_DELETED: {
    exit: 3,
    meaning: 'A process of the container has a deleted file open that cannot travel.',
    hint: 'Let the process close it: restart or reload it.',
  },
  SOCKET_UNSUPPORTED: {
    exit: 3,
    meaning: 'A process of the container has a socket of a kind that CRIU cannot move.',
    hint: 'Stop what uses it, or move the container with --mode revive.',
  },
  MEMORY_UNSUPPORTED: {
    exit: 3,
    meaning: 'A process of the container has memory through which CRIU cannot enter it.',
    hint: 'Start it with other settings, or move the container with --mode revive.',
  },
  CAPABILITY_MISSING: {
    exit: 3,
    meaning: 'phaul runs without a capability that CRIU needs for a process of the container.',
    hint: 'Give phaul all of the capabilities that root has, or move the container with --mode revive.',
  },
  PEER_OUTSIDE: {
    exit: 3,
    meaning: 'A pipe or Unix socket of the container leads to a process outside of it.',
    hint: 'Stop what uses it, or move the container with --mode revive.',
  },
  NESTED_CONTAINER: {
    exit: 3,
    meaning: 'There is a container, or a sandbox, inside of the container.',
    hint: 'Stop the inner one first, or move the container with --mode revive.',
  },
  USER_NAMESPACE: {
    exit: 3,
    meaning: "The container's user namespace is set up in a way that CRIU cannot restore.",
    hint: 'Let the runtime make all namespaces together with it, or move the container with --mode revive.',
  },
  IPC_SHARED: {
    exit: 3,
    meaning: "The container uses System V shared memory in the host's own IPC namespace.",
    hint: 'Give the container an IPC namespace of its own.',
  },
  PROCESS_TRACED: {
    exit: 3,
    meaning: 'A process of the container is being traced.',
    hint: 'End the debugger, strace or the like.',
  },
  SESSION_OUTSIDE: {
    exit: 3,
    meaning: 'A process of the container belongs to a session whose leader does not move along.',
    hint: 'Start it with setsid, or see --shell-job.',
  },
  HOST_NETWORK: {
    exit: 3,
    meaning: "The container uses addresses of the host's own network, which stay behind.",
    hint: 'Give the container a network namespace of its own.',
  },
  MODE_UNSUPPORTED: {
    exit: 3,
    meaning: 'Containers of this kind cannot be moved in this mode.',
    hint: 'Choose the other --mode; phaul drivers lists what each kind can do.',
  },
  DRIVER_UNKNOWN: {
    exit: 3,
    meaning: 'That host has no driver of that name.',
    hint: 'phaul drivers lists what there is; both hosts need the same.',
  },
  DRIVER_MISSING: {
    exit: 3,
    meaning: "A driver that is listed in that host's settings is not installed there.",
    hint: 'Install it with npm where [drivers] in /etc/phaul/phaul.toml says, or take it out there.',
  },
  DRIVER_INVALID: {
    exit: 3,
    meaning: 'What is listed as a driver is none: it does not export one, or one that lacks something.',
    hint: 'Install a release of it that works, or take it out of [drivers] in /etc/phaul/phaul.toml.',
  },
  DRIVER_API: {
    exit: 3,
    meaning: 'A driver, or the other host, is for another version of what phaul and its drivers agree upon.',
    hint: 'Install releases of phaul and of the driver that fit together, on both hosts the same.',
  },
  DRIVER_DUPLICATE: {
    exit: 3,
    meaning: 'Two drivers of one kind have the same name.',
    hint: 'Take one of them out of [drivers] in /etc/phaul/phaul.toml.',
  },
  DRIVER_LOAD: {
    exit: 3,
    meaning: 'A driver failed while it was being loaded.',
    hint: 'See the message; install what it needs, or take it out of [drivers] in /etc/phaul/phaul.toml.',
  },
  TARGET_UNREACHABLE: {
    exit: 4,
    meaning: 'ssh cannot reach the target.',
    hint: 'Check the name, the network and that sshd runs there: ssh DEST true.',
  },
  SSH_AUTH: {
    exit: 4,
    meaning: 'The target refused the ssh login.',
    hint: 'phaul never asks for a password: install a key (ssh-copy-id) or load it into the agent.',
  },
  SSH_HOST_KEY: {
    exit: 4,
    meaning: "The target's host key is not known, or it has changed.",
    hint: 'Verify the key with its administrator, then add it to known_hosts; --accept-new-host-key accepts one that was never seen before.',
  },
  SSH_FORWARDING: {
    exit: 4,
    meaning: "The target's sshd does not let phaul open its channels.",
    hint: "Set AllowStreamLocalForwarding yes and AllowTcpForwarding yes in the target's sshd_config.",
  },
  DIRECT_CONNECTION: {
    exit: 4,
    meaning: 'The direct connection for memory could not be opened.',
    hint: "Let the target's firewall pass that TCP port from this host, name one that passes with --data-port, or move the memory through ssh (--data ssh).",
  },
  TARGET_NO_PHAUL: {
    exit: 4,
    meaning: 'phaul is not installed on the target, or not in the PATH of a non-interactive ssh session.',
    hint: 'Install the same release there; ssh DEST phaul --version must work.',
  },
  TARGET_NOT_ROOT: { exit: 4, meaning: 'phaul does not run as root on the target.', hint: 'Use root@DEST.' },
  NOT_ROOT: { exit: 3, meaning: 'phaul does not run as root.', hint: 'Run it as root.' },
  PROTOCOL_VERSION: {
    exit: 3,
    meaning: 'The two hosts have releases of phaul that cannot talk to each other.',
    hint: 'Install the same release on both hosts.',
  },
  PROTOCOL_ERROR: {
    exit: 1,
    meaning: 'The other host sent something that is not allowed there.',
    hint: 'Install the same release on both hosts; if it is the same, please report it.',
  },
  CRIU_MISSING: {
    exit: 3,
    meaning: 'CRIU is not installed on that host.',
    hint: 'Install CRIU 4.2 or newer. It must be in the PATH; on the source --criu-path says where else it is.',
  },
  CRIU_TOO_OLD: { exit: 3, meaning: 'CRIU on that host is too old.', hint: 'Install CRIU 4.2 or newer.' },
  CRIU_MISMATCH: {
    exit: 3,
    meaning: "The two hosts' CRIU versions cannot exchange memory pages.",
    hint: 'Install the same CRIU on both hosts.',
  },
  CPU_INCOMPATIBLE: {
    exit: 3,
    meaning: "The target's CPU lacks something that the source's CPU has.",
    hint: 'Choose another target; --skip-cpu-check if you know that the container does not use it.',
  },
  CPU_CHECK: {
    exit: 3,
    meaning: "CRIU could not compare the two hosts' CPUs.",
    hint: 'Remove what CRIU stumbled over, mostly a full /run; or --skip-cpu-check if you know that the CPUs are alike.',
  },
  KERNEL_FEATURE: {
    exit: 3,
    meaning: 'The kernel lacks something that was asked for.',
    hint: 'Leave the option out, or use a kernel that has it.',
  },
  NAME_TAKEN: {
    exit: 3,
    meaning: 'The target already has a container of that name.',
    hint: 'Remove it there, or choose another name with --dst-id.',
  },
  PATH_TAKEN: {
    exit: 3,
    meaning: "A directory that the container's files would go to already has contents on the target.",
    hint: 'Move it away, or let phaul overwrite it with --force.',
  },
  PATH_MISSING: {
    exit: 3,
    meaning:
      'Something outside of the container that it uses does not exist on the target; or the directory that the images are to go to, on either host.',
    hint: 'Create it there first.',
  },
  FILE_DIFFERS: {
    exit: 3,
    meaning:
      'A program, library or other file that the container uses and that does not move with it is another one on the target.',
    hint: 'Install the same release of it on both hosts, or let it move along.',
  },
  PID_TAKEN: {
    exit: 3,
    meaning: 'A process id that the tree has on the source is in use on the target.',
    hint: 'Wait for that process to end, or run the tree in a PID namespace of its own.',
  },
  NETWORK_TAKEN: {
    exit: 3,
    meaning: 'A network name or address that the container needs is in use on the target.',
    hint: 'Remove it on the target.',
  },
  PORT_TAKEN: {
    exit: 3,
    meaning:
      "A port of the host's own network at which the container waits, or is published, is in use on the target.",
    hint: 'Stop what has it there; or give the container a network namespace of its own, or another published port.',
  },
  NETWORK_UNSUPPORTED: {
    exit: 3,
    meaning: "The container's network is of a kind that phaul cannot move.",
    hint: 'phaul moves veth pairs in a network namespace given by path.',
  },
  CONFIG_INVALID: {
    exit: 3,
    meaning: "phaul's settings on that host, /etc/phaul/phaul.toml, are not valid.",
    hint: 'Correct the file, and try it with phaul config check; docs/configuration.md says what may be in it.',
  },
  DEVICE_REFUSED: {
    exit: 3,
    meaning:
      'A program that moves a device of the container says that it cannot be moved, or the target has no such program.',
    hint: 'See the message; docs/devices.md says how such programs are set up.',
  },
  SYSTEMD_MISSING: {
    exit: 3,
    meaning: 'The container has its cgroup from systemd, which does not run on the target.',
    hint: 'Choose a target that has booted with systemd, or make the container anew with the cgroup manager cgroupfs.',
  },
  TOOL_MISSING: { exit: 3, meaning: 'A program that phaul needs is missing.', hint: 'Install it.' },
  NO_SPACE: {
    exit: 3,
    meaning: 'There is not enough room on the target for memory, or for the images in --img-path.',
    hint: 'Free some, or choose another target.',
  },
  NO_DISK_SPACE: {
    exit: 3,
    meaning: "The container's files do not fit on the target: too few bytes or inodes are free there.",
    hint: 'Free some there, or choose another target.',
  },
  DISK_FULL: { exit: 1, meaning: 'The disk filled up while files were copied.', hint: 'Free some space.' },
  FS_SYNC: { exit: 1, meaning: "The container's files could not be copied.", hint: 'See the message.' },
  DRIVER_FAILED: { exit: 1, meaning: 'A driver failed.', hint: 'See the message.' },
  CONNECTIONS_WAITING: {
    exit: 1,
    meaning:
      'Clients have connected to the container, and it does not accept their connections: they cannot move.',
    hint: 'Migrate again when it does, or send its clients elsewhere meanwhile.',
  },
  CRIU_DUMP: {
    exit: 1,
    meaning: 'CRIU could not dump the container.',
    hint: 'See the line of its log, and docs/troubleshooting.md.',
  },
  CRIU_RESTORE: {
    exit: 1,
    meaning: 'CRIU could not restore the container on the target.',
    hint: 'See the line of its log, and docs/troubleshooting.md.',
  },
  CRIU_DIED: { exit: 1, meaning: 'The CRIU process ended unexpectedly.', hint: 'See its log.' },
  STOP_FAILED: {
    exit: 1,
    meaning: 'The container could not be stopped, or not be kept stopped.',
    hint: 'Look on the source what keeps its processes alive. phaul has started it there again if it had ended by then.',
  },
  START_FAILED: {
    exit: 1,
    meaning:
      'The container did not start on the target, or ended at once; it was started again on the source.',
    hint: 'See the message. Try it there by hand, or look at what the container needs of its host.',
  },
  LINK_LOST: {
    exit: 1,
    meaning: 'The connection to the target broke.',
    hint: 'Check the network and run the command again.',
  },
  TIMEOUT: {
    exit: 1,
    meaning: 'The container would have stood still longer than --timeout allows.',
    hint: 'Raise --timeout, or move the container when it is less busy.',
  },
  IN_DOUBT: {
    exit: 5,
    meaning:
      'The connection broke in the very moment of the hand-over; until the two hosts can talk again the container is held on the source, frozen or stopped.',
    hint: 'phaul goes on trying in the background and ends the migration by itself; phaul status shows where it stands, and what you may decide instead.',
  },
  NO_CONVERGENCE: {
    exit: 1,
    meaning:
      'More iterations would not bring the freeze below --downtime-limit, and --on-no-convergence says to give up then.',
    hint: 'Try again when the container writes less, allow a longer freeze with --downtime-limit, or go without --on-no-convergence fail.',
  },
  FILL_FAILED: {
    exit: 5,
    meaning:
      'The container had been moved and ran on the target, and the rest of its memory could not be put in place there; it was killed, as in a power failure.',
    hint: 'Start it anew on the target from its files, which are all there. Its files are on the source, too.',
  },
  MIGRATION_RUNNING: {
    exit: 3,
    meaning: 'Another migration of that container is under way on that host.',
    hint: 'Wait for its end; phaul status shows it.',
  },
  MIGRATION_UNKNOWN: {
    exit: 3,
    meaning: 'This host knows of no such migration.',
    hint: 'phaul ps lists those under way, and those that have ended.',
  },
  CANCEL_REFUSED: {
    exit: 3,
    meaning:
      "The migration cannot be cancelled: the container is the target's already, or nobody is at work on it.",
    hint: 'phaul status says where it stands, and what to do.',
  },
  FILL_RUNNING: {
    exit: 3,
    meaning: 'The container has just arrived, and parts of its memory are still being put in place.',
    hint: 'Wait until the migration that brought it here is complete, then try again.',
  },
  RELEASE_FAILED: {
    exit: 5,
    meaning: 'The container runs on the target, but its remains on the source could not all be removed.',
    hint: 'Remove them by hand; never start them.',
  },
  TERMINATED: {
    exit: 143,
    meaning: 'Ended by SIGTERM or SIGHUP.',
    hint: 'Run the command again when you like.',
  },
  CANCELLED: { exit: 130, meaning: 'Ended by the user.', hint: 'Run the command again when you like.' },
  INTERNAL: { exit: 1, meaning: 'A defect of phaul.', hint: 'Please report it with the log.' },
} as const satisfies Record<string, { exit: number; meaning: string; hint: string }>;

export type ErrorCode = keyof typeof codes;
