// What the lab and the drivers' tests need of the machine itself. Everything else lives in the hosts' own root file system.
import { existsSync } from 'node:fs';

const needed = {
  'bin/flock': 'util-linux',
  'bin/nsenter': 'util-linux',
  'sbin/ip': 'iproute2',
  'bin/rsync': 'rsync',
  'bin/setfattr': 'attr',
  'bin/setfacl': 'acl',
  'bin/ps': 'procps',
  'bin/python3': 'python3',
  'bin/openssl': 'openssl',
  'bin/gcc': 'gcc',
  'lib/python3/dist-packages/prometheus_client/parser.py': 'python3-prometheus-client',
  'bin/zsh': 'zsh',
  'bin/fish': 'fish',
  'bin/groff': 'groff-base',
  'bin/systemd-analyze': 'systemd',
  'bin/git': 'git',
  'include/stdio.h': 'libc6-dev',
  'sbin/mkfs.btrfs': 'btrfs-progs',
  'bin/mmdebstrap': 'mmdebstrap',
  'bin/gpgv': 'gpgv',
  'share/keyrings/debian-archive-keyring.gpg': 'debian-archive-keyring',
};

const neededForMachines = {
  'bin/qemu-system-x86_64': 'qemu-system-x86',
  'bin/qemu-img': 'qemu-utils',
  'bin/ssh': 'openssh-client',
  'bin/xz': 'xz-utils',
  'sbin/mke2fs': 'e2fsprogs',
};

const neededForPages = {
  'bin/chromium': 'chromium',
  'share/fonts/truetype/dejavu/DejaVuSans.ttf': 'fonts-dejavu-core',
};

/**
 * The Debian packages still to be installed for a script, by looking for a file of each: much quicker than asking dpkg.
 * QEMU and a browser only for those that use them: they bring many others along.
 */
export function missingPackages(script) {
  const machines = /^test\/(lab\/vm|setup|bench)\//.test(script);
  const pages = script.startsWith('test/setup/');
  const files = {
    ...needed,
    ...(machines ? neededForMachines : {}),
    ...(pages ? neededForPages : {}),
  };
  const absent = Object.keys(files).filter((file) => !existsSync(`/usr/${file}`) && !existsSync(`/${file}`));
  return [...new Set(absent.map((file) => files[file]))];
}
