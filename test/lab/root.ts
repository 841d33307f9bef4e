import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { aptOptions, debianMirror } from './mirror.ts';
import { cacheDirectory } from './paths.ts';

const suite = 'trixie';
const packages = `
  criu runc nodejs redis-server rsync openssh-server openssh-client
  iproute2 iptables nftables iputils-ping iputils-arping kmod procps
  busybox-static acl attr libcap2-bin python3-minimal btrfs-progs e2fsprogs sshfs strace`;

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
const customizeScript = fileURLToPath(new URL('root-customize.sh', import.meta.url));

/**
 * The root file system that all hosts are stacked on: built on first use (half a minute), then cached until its
 * recipe (this file and root-customize.sh) changes. Call it under the lock.
 * @returns its path
 * @throws if the build fails, with what mmdebstrap printed
 */
export function ensureRoot(): string {
  const root = join(cacheDirectory, `root-${recipeHash()}`);
  if (existsSync(root)) return root;
  for (const old of readdirSync(cacheDirectory)) {
    if (old.startsWith('root-') && !isInUse(old)) rmSync(join(cacheDirectory, old), { recursive: true });
  }
  console.error('lab: building the root file system of the hosts (once, about half a minute)');
  build(`${root}.new`);
  renameSync(`${root}.new`, root);
  return root;
}

/** Whether a lab that is up is stacked on this root: it would lose its programs. */
function isInUse(root: string): boolean {
  return readdirSync('/proc').some((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/mountinfo`, 'utf8').includes(`/${root},`);
    } catch {
      return false; // The process has ended meanwhile.
    }
  });
}

function recipeHash(): string {
  const hash = createHash('sha256');
  for (const file of [fileURLToPath(import.meta.url), customizeScript]) hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 12);
}

function build(directory: string): void {
  const mirror = debianMirror();
  const options = [...aptOptions(), 'Apt::Install-Recommends "false"', 'Acquire::Languages "none"'];
  const mmdebstrap = [
    'mmdebstrap',
    '--mode=root',
    '--variant=minbase',
    '--format=directory',
    `--include=${packages.trim().split(/\s+/).join(',')}`,
    ...options.map((option) => `--aptopt=${option}`),
    ...['force-unsafe-io', ...unwanted].map((option) => `--dpkgopt=${option}`),
    `--setup-hook=mkdir -p "$1/etc/apt/preferences.d"; printf %s '${preferences}' > "$1/etc/apt/preferences.d/newer"`,
    `--customize-hook=${customizeScript}`,
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
