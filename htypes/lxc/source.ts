import { readFile, rename } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { DriverContext } from '../../src/contracts/context.ts';
import type { HTypeOptions, SourceContainer } from '../../src/contracts/htype.ts';
import { PhaulError } from '../../src/errors.ts';
import { isWithin } from '../../src/linux/mounts.ts';
import {
  externalNetwork,
  processTree,
  sameNamespace,
  sharedWritableFiles,
} from '../../src/linux/processes.ts';
import { innerCgroupsOf } from '../common/inner-cgroups.ts';
import { terminalsLeft, terminalsOf } from '../common/terminals.ts';
import { isMovable, readItems, movedConfig, rootfsOf, valueOf } from './config.ts';
import { filesOf } from './files.ts';
import { askLxc, ends } from './info.ts';
import { cgroupsOf, deviceRules, directoryFor, membershipsOf, readLimits } from './limits.ts';
import type { LxcMeta } from './meta.ts';
import { hostMounts } from './mounts.ts';
import { lxcPath, placeOf } from './place.ts';
import { sourceRefusals } from './refusals.ts';
import { lxcRevival } from './revival.ts';

const keep = '[ ! -e "$1" ] || mv -f -- "$1" "$2"';

/** A running container of LXC's. @throws CONTAINER_UNKNOWN, CONTAINER_STATE if it does not run */
export async function lxcSource(
  name: string,
  options: HTypeOptions,
  ctx: DriverContext,
): Promise<SourceContainer> {
  const path = await lxcPath();
  const place = placeOf(path, name);
  const config = await readFile(place.config, 'utf8').catch((cause: unknown) => {
    throw new PhaulError('CONTAINER_UNKNOWN', `LXC knows no container ${name}.`, { cause });
  });
  const { state, pid, links } = await askLxc(name, ctx);
  if (state !== 'RUNNING' || pid === null) {
    const what = (state ?? 'unknown to LXC').toLowerCase();
    throw new PhaulError('CONTAINER_STATE', `The container ${name} is ${what}.`, { host: 'source' });
  }
  const id = options.targetId ?? name;
  const there = placeOf(path, id);
  const items = await readItems(place.config);
  const rootfs = rootfsOf(items);
  // Any other is refused below.
  const root = rootfs && isMovable(rootfs) ? rootfs.path : null;
  const [mounts, terminals] = await Promise.all([hostMounts(pid), terminalsOf(pid)]);
  const memberships = await membershipsOf(pid, name);
  const cgroups = cgroupsOf(memberships);
  const ownNetwork = options.mode !== 'revive' && !(await sameNamespace('net', pid, 'self'));
  const networkNamespace = ownNetwork ? `/proc/${pid}/ns/net` : null;
  const networkOnTarget = `/run/netns/lxc-${id}`.slice(0, longestPath);
  const files = await filesOf(items, mounts, root, place, there);
  const onTarget = (from: string): string => files.trees.find((tree) => tree.source === from)?.target ?? from;
  const meta: LxcMeta = {
    lxcPath: path,
    config: movedConfig(config, place.directory, there.directory),
    rootfs: onTarget(root ?? '/'),
    networkNamespace: ownNetwork ? networkOnTarget : null,
    links: links.flatMap((link, net) =>
      valueOf(items, `lxc.net.${net}.type`) === 'veth' ? [{ net, name: link }] : [],
    ),
    mounts: mounts.flatMap(({ at, from }) => (from === null ? [] : [{ at, from: onTarget(from) }])),
    terminals,
    limits: await readLimits(items, cgroups),
    innerCgroups: await innerCgroupsOf(directoryFor('', cgroups)),
    devices: deviceRules(items, cgroups.has('devices') ? 1 : 2),
    apparmor: await appArmorProfile(pid),
  };
  const outside = terminalsLeft(terminals);
  ctx.ifKilled('sh', ['-c', keep, 'sh', place.config, place.left], 'moved');
  return {
    description: { htype: 'lxc', id, trees: files.trees, needs: files.needs, meta: { ...meta } },
    pid,
    network: networkNamespace === null ? null : { namespace: networkNamespace, onTarget: networkOnTarget },
    live: {
      cgroup: directoryFor('freezer', cgroups),
      dump: {
        manageCgroups: 'soft',
        cgroupRoots: memberships.filter(({ path }) => path !== '/'),
        externalMounts: [...meta.mounts.map(({ at }) => ({ key: at, value: at })), ...outside.externalMounts],
        external: [
          ...(networkNamespace === null ? [] : [await externalNetwork(networkNamespace)]),
          ...outside.external,
        ],
      },
    },
    refusals: (mode) => sourceRefusals({ name, pid, items, mounts, rootfs, mode }, ctx),
    mappedFiles: async () => {
      const mapped = await sharedWritableFiles(await processTree(pid));
      const deepest = [...meta.mounts].sort((a, b) => b.at.length - a.at.length);
      return mapped.map((file) => {
        const mount = deepest.find(({ at }) => isWithin(at, file));
        return mount ? join(mount.from, relative(mount.at, file)) : join(root ?? '/', file);
      });
    },
    revive: lxcRevival(name, pid, items, ctx),
    release: async () => {
      // LXC notices by itself that its container has ended, and takes away what it has made for it.
      if (!(await ends(name, endSeconds, ctx)))
        await ctx.run('lxc-stop', ['-k', '-n', name], { abortable: false });
      await rename(place.config, place.left).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
    },
  };
}

// What the device driver takes for the name of a network namespace, and the directory before it.
const longestPath = '/run/netns/'.length + 100;
const endSeconds = 10;

/** Under which AppArmor profile a process runs; null: under none, or there is no AppArmor. */
async function appArmorProfile(pid: number): Promise<string | null> {
  const said = (await readFile(`/proc/${pid}/attr/apparmor/current`, 'utf8').catch(() => '')).trim();
  const profile = said.replace(/ \((?:enforce|complain|unconfined)\)$/, '');
  return ['', 'unconfined'].includes(profile) ? null : profile;
}
