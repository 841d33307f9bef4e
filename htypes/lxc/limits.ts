import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Item } from './config.ts';
import type { LxcMeta } from './meta.ts';

/** A cgroup in one hierarchy: whose controllers, as the kernel writes them (`cpu,cpuacct`; nothing for version 2), and where in it. */
interface Membership {
  readonly controller: string;
  readonly path: string;
}

/** A cgroup, one directory for each hierarchy that it is in: of version 1 by controller, of version 2 by the empty name. */
export type Cgroups = ReadonlyMap<string, string>;

const hierarchies = '/sys/fs/cgroup';
const setting = /^lxc\.cgroup2?\.([\w.-]+)$/;

/** The cgroups that LXC has made for a container, by that of its first process, which may have gone deeper; or else those of that process. */
export async function membershipsOf(pid: number, name: string): Promise<Membership[]> {
  const text = await readFile(`/proc/${pid}/cgroup`, 'utf8');
  const all = text.split('\n').flatMap((line) => {
    const [, controller, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    return controller === undefined || path === undefined ? [] : [{ controller, path }];
  });
  const made = all.flatMap(({ controller, path }) => {
    const parts = path.split('/');
    const at = parts.indexOf(`lxc.payload.${name}`);
    return at < 0 ? [] : [{ controller, path: parts.slice(0, at + 1).join('/') }];
  });
  return made.length > 0 ? made : all;
}

export const cgroupsOf = (memberships: readonly Membership[]): Cgroups =>
  new Map(memberships.flatMap(({ controller, path }) => entries(controller, path)));

/** The same from what LXC tells CRIU: `cpu:/lxc.payload.ct101`. Where there is version 2 alone it names that one's controllers so. */
export function cgroupsSaid(said: readonly string[]): Cgroups {
  const unified = existsSync(join(hierarchies, 'cgroup.controllers'));
  return new Map(
    said.flatMap((text) => {
      const at = text.lastIndexOf(':');
      return entries(unified ? '' : text.slice(0, Math.max(at, 0)), text.slice(at + 1));
    }),
  );
}

function entries(controllers: string, path: string): [string, string][] {
  return controllers.split(',').map((controller) => [controller, join('/', path)]);
}

/** The directory of the cgroup in which a controller's files are. */
export function directoryFor(controller: string, cgroups: Cgroups): string | null {
  const old = cgroups.get(controller);
  if (old !== undefined) return join(hierarchies, controller, old);
  const unified = cgroups.get('');
  return unified === undefined ? null : join(hierarchies, unified);
}

/** What is limited, with the values that count now. */
export async function readLimits(items: readonly Item[], cgroups: Cgroups): Promise<LxcMeta['limits']> {
  const files = new Set(items.flatMap(({ key }) => setting.exec(key)?.[1] ?? []));
  const limits = await Promise.all(
    [...files].map(async (file) => {
      const directory = directoryFor(file.split('.')[0] ?? '', cgroups);
      const value = directory && (await readFile(join(directory, file), 'utf8').catch(() => null));
      return value === null || file.startsWith('devices.') ? [] : [{ file, value: value.trim() }];
    }),
  );
  return limits.flat();
}

/** @throws Error with the file that cannot be written */
export async function writeLimits(limits: LxcMeta['limits'], cgroups: Cgroups): Promise<void> {
  for (const { file, value } of limits) {
    const directory = directoryFor(file.split('.')[0] ?? '', cgroups);
    if (directory) await writeFile(join(directory, file), value);
  }
}

/** Which devices may be used: CRIU does not move that, and LXC itself sets it at a start only. */
export function deviceRules(items: readonly Item[], version: 1 | 2): LxcMeta['devices'] {
  const prefix = version === 2 ? 'lxc.cgroup2.' : 'lxc.cgroup.';
  return items.flatMap(({ key, value }) => {
    const file = key.startsWith(prefix) ? key.slice(prefix.length) : '';
    return file === 'devices.allow' || file === 'devices.deny' ? [{ file, value }] : [];
  });
}
