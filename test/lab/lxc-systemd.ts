import { typedAt } from '../docs/blocks.ts';
import type { Host } from './host.ts';
import { type LxcContainer, lxcConfig } from './lxc-config.ts';

interface SystemdContainer extends Pick<LxcContainer, 'name' | 'address' | 'more'> {
  /** Services, by name: what their unit files say. */
  readonly services: Readonly<Record<string, string>>;
  /** Those that are started with it. */
  readonly started: readonly string[];
}

/** A container of LXC's in which systemd is init, with console and terminals as lxc-create makes it. Programs are the host's; the rest is as on the first start of a new machine. */
export async function makeSystemdContainer(
  host: Host,
  { name, services, started, ...more }: SystemdContainer,
): Promise<void> {
  const directory = `/var/lib/lxc/${name}`;
  const units = `${directory}/rootfs/etc/systemd/system`;
  await host.sh(`
    mkdir -p ${units}/multi-user.target.wants ${directory}/rootfs/usr ${directory}/rootfs/var/log/journal
    cd ${directory}/rootfs
    mkdir -p dev proc run sys tmp root; ln -s usr/bin usr/sbin usr/lib usr/lib64 .
    cp /etc/passwd /etc/group etc/; : >etc/machine-id
    cp /usr/share/zoneinfo/Etc/UTC etc/; ln -s UTC etc/localtime # Which systemd watches.
    ln -s /dev/null etc/systemd/system/systemd-logind.service # It wants D-Bus.
    cd ${units}/multi-user.target.wants; for each in ${started.join(' ')}; do ln -s ../$each.service .; done`);
  for (const [service, text] of Object.entries(services))
    await host.write(`${units}/${service}.service`, `[Service]\n${text}\n`);
  const config = lxcConfig({
    name,
    rootfs: `dir:${directory}/rootfs`,
    command: '/usr/lib/systemd/systemd',
    bridge: 'br0',
    mounts: ['/usr usr none bind,ro 0 0'],
    ...more,
  });
  await host.write(`${directory}/config`, config.replace(/^lxc\.(console\.path|tty\.max).*\n/gm, ''));
}

/** Has it do without what CRIU cannot move, from its next start on, as docs/lxc.md says. */
export async function makeMovable(host: Host, name: string): Promise<void> {
  await host.sh(
    typedAt('lxc')
      .map(({ text }) => text.replaceAll('NAME', name))
      .join('\n'),
  );
}

/** Starts it, and returns when systemd has started all there is. */
export async function startSystemd(host: Host, name: string): Promise<void> {
  await host.sh(`lxc-start -n ${name} -l ERROR -o /run/lxc.log || { cat /run/lxc.log >&2; exit 1; }`);
  await host.sh(
    `until lxc-attach -n ${name} -- systemctl is-system-running --wait 2>/dev/null | grep -E 'running|degraded'; do sleep 0.1; done`,
    { timeoutMs: 120_000 },
  );
}
