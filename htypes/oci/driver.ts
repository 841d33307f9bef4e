import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import type { HType } from '../../src/contracts/htype.ts';
import { type OciRuntime, stateDirectory } from './runtime.ts';
import { ociSource } from './source.ts';
import { ociTarget } from './target.ts';

/** The htype of containers that somebody runs by this runtime's own commands. */
export function ociHType(runtime: OciRuntime, description: string): HType {
  const { name } = runtime;
  const exists = (id: string): boolean => existsSync(`${stateDirectory(runtime, id)}/${runtime.stateFile}`);
  /** podman runs its containers with these runtimes, too, but they have other names there. */
  const knows = (id: string): Promise<boolean> =>
    runtime.readState(id).then(
      ({ byPodman }) => !byPodman,
      () => exists(id),
    );
  return {
    kind: 'htype',
    name,
    apiVersion: 1,
    description,
    capabilities: { live: true, preDump: true, revive: true },
    programs: [[name, '--version']],
    knows,
    list: async () => {
      const ids = await readdir(runtime.root).catch(() => []);
      const own = await Promise.all(ids.map(async (id) => exists(id) && knows(id)));
      return ids.filter((_, index) => own[index]);
    },
    source: (id, options, ctx) => ociSource(runtime, id, options, ctx),
    target: (description, ctx) => ociTarget(runtime, description, ctx),
  };
}
