/** A container of LXC's, as its configuration is to describe it. */
export interface LxcContainer {
  readonly name: string;
  readonly rootfs: string;
  /** The command line of its first process, as LXC splits it into words. */
  readonly command: string;
  /** Lines as in fstab(5). */
  readonly mounts?: readonly string[];
  /** The bridge that its only link is a port of. */
  readonly bridge: string;
  /** With the length of its prefix. */
  readonly address?: string;
  /** More lines. */
  readonly more?: readonly string[];
}

/** The text of its configuration: like what lxc-create writes, without the terminals and the AppArmor that a lab's host does not have. */
export function lxcConfig({
  name,
  rootfs,
  command,
  mounts = [],
  bridge,
  address,
  more = [],
}: LxcContainer): string {
  return [
    'lxc.include = /usr/share/lxc/config/common.conf',
    'lxc.arch = linux64',
    `lxc.rootfs.path = ${rootfs}`,
    `lxc.uts.name = ${name}`,
    'lxc.apparmor.profile = unconfined',
    'lxc.console.path = none',
    'lxc.tty.max = 0',
    `lxc.init.cmd = ${command}`,
    'lxc.net.0.type = veth',
    `lxc.net.0.link = ${bridge}`,
    'lxc.net.0.flags = up',
    ...(address === undefined ? [] : [`lxc.net.0.ipv4.address = ${address}`]),
    ...mounts.map((mount) => `lxc.mount.entry = ${mount}`),
    ...more,
    '',
  ].join('\n');
}
