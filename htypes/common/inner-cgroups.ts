import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { isPlainPath } from '../../src/contracts/paths.ts';

// What may be set, with the value that a new cgroup has, and last what the cgroups below it may set (cgroups(7), the kernel's cgroup-v2.rst).
const usual: Readonly<Record<string, string>> = {
  'cgroup.max.descendants': 'max',
  'cgroup.max.depth': 'max',
  'cpu.max': 'max 100000',
  'cpu.weight': '100',
  'cpuset.cpus': '',
  'cpuset.mems': '',
  'io.weight': 'default 100',
  'memory.high': 'max',
  'memory.low': '0',
  'memory.max': 'max',
  'memory.min': '0',
  'memory.oom.group': '0',
  'memory.swap.max': 'max',
  'pids.max': 'max',
  'cgroup.subtree_control': '',
};

/** A cgroup of version 2 in a container's own, as systemd makes them there, with what is not as usual. */
export const innerCgroup = z.object({
  /** As the container sees it: `/system.slice`. */
  path: z.string().refine(isPlainPath),
  settings: z.array(
    z.object({
      file: z.enum(Object.keys(usual)),
      value: z.string().regex(/^[\w+,. -]+$/),
    }),
  ),
});
export type InnerCgroup = z.infer<typeof innerCgroup>;

/** The container's cgroup, and those below it, parents first. @param directory of the container's; null: it has none of version 2 */
export async function innerCgroupsOf(directory: string | null): Promise<InnerCgroup[]> {
  return directory === null ? [] : read(directory, '/');
}

async function read(directory: string, path: string): Promise<InnerCgroup[]> {
  const here = join(directory, path);
  const type = await readFile(join(here, 'cgroup.type'), 'utf8').catch(() => 'gone');
  // Those of single threads are CRIU's to make: it must set their kind before anything else.
  if (type.trim() !== 'domain') return [];
  const settings = await Promise.all(
    Object.entries(usual).map(async ([file, value]) => {
      // Of io.weight there are more lines, for single devices, whose numbers the target does not know.
      const [now = ''] = (await readFile(join(here, file), 'utf8').catch(() => value)).trim().split('\n');
      return now === value ? [] : [{ file, value: file === 'cgroup.subtree_control' ? added(now) : now }];
    }),
  );
  const names = await readdir(here, { withFileTypes: true }).catch(() => []);
  const below = names.filter((entry) => entry.isDirectory()).map(({ name }) => join(path, name));
  const inner = await Promise.all(below.map((each) => read(directory, each)));
  // The limits of the container's own are those that its configuration names.
  const own = settings.flat().filter(({ file }) => path !== '/' || file === 'cgroup.subtree_control');
  return [{ path, settings: own }, ...inner.flat()];
}

const added = (controllers: string): string =>
  controllers
    .split(' ')
    .map((each) => `+${each}`)
    .join(' ');

const namesOf = (controllers: string): string[] =>
  controllers
    .split(' ')
    .filter(Boolean)
    .map((each) => each.slice(1));

/**
 * Makes them before the freeze, as CRIU needs them: without what is not as usual.
 * @param directory of the container's; null: it has none of version 2 here
 * @throws Error if the container's own has not the controllers that it is to hand on
 */
export async function makeInnerCgroups(
  cgroups: readonly InnerCgroup[],
  directory: string | null,
): Promise<void> {
  if (directory === null) return;
  const [own] = cgroups;
  const wanted = own?.settings.find(({ file }) => file === 'cgroup.subtree_control')?.value ?? '';
  const there = await readFile(join(directory, 'cgroup.controllers'), 'utf8').catch(() => '');
  const missing = namesOf(wanted).filter((name) => !there.split(/\s+/).includes(name));
  if (missing.length > 0)
    throw new Error(`The container hands on controllers that ${directory} lacks: ${missing.join(', ')}.`);
  for (const { path } of cgroups) await mkdir(join(directory, path), { recursive: true });
}

/**
 * Makes them as they were when the root task is in its own, which CRIU does not: it knows no limits of version 2 (criu/cgroup-props.c). Not before: a cgroup that hands on controllers
 * takes no task, and CRIU puts the first one into the container's own before it lets it go deeper (criu/cgroup.c, prepare_cgns). And not later: systemd
 * watches files of controllers, as `memory.events`, and CRIU opens them.
 * @throws Error with the file that cannot be written
 */
export async function limitInnerCgroups(
  cgroups: readonly InnerCgroup[],
  directory: string | null,
): Promise<void> {
  if (directory === null) return;
  for (const { path, settings } of cgroups)
    for (const { file, value } of settings) await writeFile(join(directory, path, file), value);
}
