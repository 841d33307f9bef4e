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
  'sbin/mkfs.btrfs': 'btrfs-progs',
  'bin/mmdebstrap': 'mmdebstrap',
  'bin/gpgv': 'gpgv',
  'share/keyrings/debian-archive-keyring.gpg': 'debian-archive-keyring',
};

/** The Debian packages still to be installed, by looking for a file of each: much quicker than asking dpkg. */
export function missingPackages() {
  const absent = Object.keys(needed).filter((file) => !existsSync(`/usr/${file}`) && !existsSync(`/${file}`));
  return [...new Set(absent.map((file) => needed[file]))];
}
