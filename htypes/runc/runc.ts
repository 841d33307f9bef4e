import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import type { HType } from '../../src/contracts/htype.ts';
import { runcSource } from './source.ts';
import { readState, root, stateFile } from './state.ts';
import { runcTarget } from './target.ts';

/** Containers of runc, the OCI reference runtime, used directly. */
export const runc: HType = {
  kind: 'htype',
  name: 'runc',
  apiVersion: 1,
  description: "OCI containers of runc, found through runc's own state",
  capabilities: { live: true, preDump: true, revive: true },
  programs: [['runc', '--version']],
  knows,
  list: async () => {
    const names = await readdir(root).catch(() => []);
    const own = await Promise.all(names.map(async (name) => existsSync(stateFile(name)) && knows(name)));
    return names.filter((_, index) => own[index]);
  },
  source: runcSource,
  target: runcTarget,
};

/** podman runs its containers with runc, too, but they have other names there. */
function knows(name: string): Promise<boolean> {
  return readState(name).then(
    ({ config }) => !config.labels?.includes('io.container.manager=libpod'),
    () => existsSync(stateFile(name)),
  );
}
