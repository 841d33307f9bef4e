import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Item } from './config.ts';
import type { LxcMeta } from './meta.ts';

/** A cgroup, one directory for each hierarchy that it is in: of version 1 by controller, of version 2 by the empty name. */
export type Cgroups = ReadonlyMap<string, string>;

const hierarchies = '/sys/fs/cgroup';
const setting = /^lxc\.cgroup2?\.([\w.-]+)$/;

/** The cgroup of a container, by that of its first process, which may have gone deeper. */
export async function cgroupsOf(pid: number, name: string): Promise<Cgroups> {
  const text = await readFile(`/proc/${pid}/cgroup`, 'utf8');
  const found = text.split('\n').flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) return [];
    const parts = path.split('/');
    const at = parts.indexOf(`lxc.payload.${name}`);
    return entries(controllers, at < 0 ? path : parts.slice(0, at + 1).join('/'));
  });
  return new Map(found);
}

/** The same from what LXC tells CRIU: `cpu:/lxc.payload.ct101`. */
export function cgroupsSaid(said: readonly string[]): Cgroups {
  return new Map(
    said.flatMap((text) => {
      const at = text.lastIndexOf(':');
      return entries(text.slice(0, Math.max(at, 0)), text.slice(at + 1));
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
