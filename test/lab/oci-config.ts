/** What a container is to run; see createContainer(). */
export interface Workload {
  readonly id: string;
  readonly args: readonly string[];
  /** A directory of the host that the container sees at /data. */
  readonly data: string;
  /** Its limit, in bytes. */
  readonly memory?: number | undefined;
  /** The prefix of the scope that systemd is to make for it. */
  readonly scope?: string | undefined;
}

const capabilities = `
  CAP_AUDIT_WRITE CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_FSETID CAP_KILL CAP_MKNOD
  CAP_NET_BIND_SERVICE CAP_NET_RAW CAP_SETFCAP CAP_SETGID CAP_SETPCAP CAP_SETUID CAP_SYS_CHROOT`
  .trim()
  .split(/\s+/);

const tmpfs = ['nosuid', 'noexec', 'nodev'];

/** The config.json of an OCI bundle like those that container engines make. */
export function ociConfig({ id, args, data, memory, scope }: Workload): object {
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      args,
      env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root'],
      cwd: '/',
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
      noNewPrivileges: true,
    },
    root: { path: 'rootfs', readonly: false },
    hostname: id,
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      mount('/dev', 'tmpfs', ['nosuid', 'strictatime', 'mode=755', 'size=65536k']),
      mount('/dev/pts', 'devpts', ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620']),
      mount('/dev/shm', 'tmpfs', [...tmpfs, 'mode=1777', 'size=65536k']),
      mount('/sys', 'sysfs', [...tmpfs, 'ro']),
      { destination: '/data', type: 'bind', source: data, options: ['rbind', 'rw'] },
    ],
    linux: {
      ...(scope === undefined ? {} : { cgroupsPath: `machine.slice:${scope}:${id}` }),
      ...(memory === undefined ? {} : { resources: { memory: { limit: memory } } }),
      namespaces: [
        ...['pid', 'ipc', 'uts', 'mount'].map((type) => ({ type })),
        { type: 'network', path: `/run/netns/${id}` },
      ],
      maskedPaths: [
        '/proc/acpi',
        '/proc/kcore',
        '/proc/keys',
        '/proc/timer_list',
        '/proc/scsi',
        '/sys/firmware',
      ],
      readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
    },
  };
}

function mount(destination: string, type: string, options: readonly string[]): object {
  return { destination, type, source: type, options };
}
