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
  // podman runs its containers with runc, too, under names of its own.
  knows: (name) =>
    readState(name).then(
      ({ config }) => !config.labels?.includes('io.container.manager=libpod'),
      () => existsSync(stateFile(name)),
    ),
  list: async () => {
    const names = await readdir(root).catch(() => []);
    return names.filter((name) => existsSync(stateFile(name)));
  },
  source: runcSource,
  target: runcTarget,
};
