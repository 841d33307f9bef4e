import type { DriverContext } from '../../src/contracts/context.ts';

// A namespace has hundreds, most of which no container sets. CRIU leaves them alone in a namespace that comes from outside.
const ofNamespace = [
  'core/somaxconn',
  'ipv4/ip_forward',
  'ipv4/ip_local_port_range',
  'ipv4/ip_nonlocal_bind',
  'ipv4/ip_unprivileged_port_start',
  'ipv4/ping_group_range',
  'ipv4/tcp_fin_timeout',
  'ipv4/tcp_keepalive_intvl',
  'ipv4/tcp_keepalive_probes',
  'ipv4/tcp_keepalive_time',
  'ipv4/tcp_max_syn_backlog',
  'ipv4/tcp_syncookies',
  'ipv4/tcp_tw_reuse',
  'ipv6/bindv6only',
];
const ofLink = [
  'ipv4/conf/*/accept_local',
  'ipv4/conf/*/arp_announce',
  'ipv4/conf/*/arp_ignore',
  'ipv4/conf/*/forwarding',
  'ipv4/conf/*/proxy_arp',
  'ipv4/conf/*/rp_filter',
  'ipv6/conf/*/disable_ipv6',
  'ipv6/conf/*/forwarding',
  'ipv6/conf/*/accept_ra',
  'ipv6/conf/*/proxy_ndp',
];

/** Whether phaul carries the sysctl `key`, a path below /proc/sys/net. */
export function isNetworkSysctl(key: string): boolean {
  const [family = '', conf, link = '', ...rest] = key.split('/');
  if (conf !== 'conf') return ofNamespace.includes(key);
  return !['', '.', '..'].includes(link) && ofLink.includes([family, 'conf', '*', ...rest].join('/'));
}

/** The sysctls that phaul carries of a namespace (a path; null: the host's own), those that apply to all links first. */
export async function readSysctls(
  namespace: string | null,
  links: readonly string[],
  ctx: DriverContext,
): Promise<Record<string, string>> {
  const keys = namespace === null ? [] : [...ofNamespace, ...linkKeys(['all', 'default'])];
  const paths = [...keys, ...linkKeys(links)].map((key) => `/proc/sys/net/${key}`);
  if (paths.length === 0) return {};
  const inside = namespace === null ? ['--'] : [`--net=${namespace}`, '--'];
  // Some may be missing, as where IPv6 is off: no reason to fail.
  const script = 'grep -s -H "" "$@" || :';
  const text = await ctx.run('nsenter', [...inside, '/bin/sh', '-c', script, 'sh', ...paths]);
  const found = text.split('\n').flatMap((line) => {
    const [, key, value] = /^\/proc\/sys\/net\/([^:]+):(.*)$/.exec(line) ?? [];
    return key === undefined || value === undefined ? [] : [[key, value.trim()] as const];
  });
  return Object.fromEntries(found);
}

/** Writes those of `wanted` that are not so already. */
export async function writeSysctls(
  namespace: string,
  links: readonly string[],
  wanted: Readonly<Record<string, string>>,
  ctx: DriverContext,
): Promise<void> {
  const single = new Set(linkKeys(links));
  // In two rounds: what applies to all links changes the single ones too.
  for (const round of [false, true]) {
    const now = await readSysctls(namespace, links, ctx);
    for (const [key, value] of Object.entries(wanted)) {
      if (single.has(key) !== round || now[key] === value) continue;
      await ctx
        .run('nsenter', [`--net=${namespace}`, 'tee', `/proc/sys/net/${key}`], { input: value })
        .catch((error: unknown) =>
          ctx.warn(`net/${key} = ${value} is not set on the target: ${String(error)}`),
        );
    }
  }
}

const linkKeys = (links: readonly string[]): string[] =>
  links.flatMap((link) => ofLink.map((key) => key.replace('*', link)));
