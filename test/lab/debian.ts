import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { aptOptions, debianMirror } from './mirror.ts';

const suite = 'trixie';

/** What every host has, of whatever kind it is. */
export const hostPackages = `
  criu runc crun lxc nodejs redis-server rsync openssh-server openssh-client
  iproute2 iptables nftables iputils-ping iputils-arping kmod procps
  podman netavark conmon busybox-static acl attr libcap2-bin python3-minimal btrfs-progs e2fsprogs sshfs strace`
  .trim()
  .split(/\s+/);

// The suite's own CRIU 4.1 cannot dump TCP sockets on kernels from 6.16 on, the next suite's 4.2 can.
const newer = { suite: 'forky', packages: ['criu', 'libcompel1', 'libnet9', 'libnl-3-200'] };
const preferences = `Package: *
Pin: release n=${newer.suite}
Pin-Priority: -1

Package: ${newer.packages.join(' ')}
Pin: release n=${newer.suite}
Pin-Priority: 990
`;

const unwanted = ['man', 'doc', 'info', 'locale'].map((folder) => `path-exclude=/usr/share/${folder}/*`);

/** A root file system that is yet to be built. */
export interface Recipe {
  readonly packages: readonly string[];
  /** Programs that finish it, one after the other; each gets its directory. */
  readonly finish: readonly string[];
}

/**
 * Builds a root file system, in half a minute or more.
 * @param directory must not exist
 * @throws if that fails, with what mmdebstrap printed
 */
export function bootstrap({ packages, finish }: Recipe, directory: string): void {
  const mirror = debianMirror();
  const options = [...aptOptions(), 'Apt::Install-Recommends "false"', 'Acquire::Languages "none"'];
  const mmdebstrap = [
    'mmdebstrap',
    '--mode=root',
    '--variant=minbase',
    '--format=directory',
    `--include=${packages.join(',')}`,
    ...options.map((option) => `--aptopt=${option}`),
    ...['force-unsafe-io', ...unwanted].map((option) => `--dpkgopt=${option}`),
    `--setup-hook=mkdir -p "$1/etc/apt/preferences.d"; printf %s '${preferences}' > "$1/etc/apt/preferences.d/newer"`,
    ...finish.map((program) => `--customize-hook=${program}`),
    suite,
    directory,
    `deb ${mirror} ${suite} main`,
    // A mirror may hold a copy of this suite that is older than its Release file allows.
    `deb [check-valid-until=no] ${mirror} ${newer.suite} main`,
  ];
  // In namespaces of its own that die with this process, so a killed build leaves a directory and nothing else.
  const cage = [
    '--pdeathsig',
    'KILL',
    'unshare',
    '--mount',
    '--pid',
    '--fork',
    '--kill-child',
    '--mount-proc',
  ];
  const result = spawnSync('setpriv', [...cage, ...mmdebstrap], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (result.status !== 0) throw new Error(`mmdebstrap failed\n${result.stdout}${result.stderr}`);
}

/** Names what is built from these files and this one: another name when one of them changes. */
export function recipeHash(files: readonly string[], more = ''): string {
  const hash = createHash('sha256');
  for (const file of [fileURLToPath(import.meta.url), ...files]) hash.update(readFileSync(file));
  return hash.update(more).digest('hex').slice(0, 12);
}
