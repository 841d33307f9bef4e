import { access } from 'node:fs/promises';
import type { Tree } from '../src/contracts/context.ts';
import type { FsDriver } from '../src/contracts/fs-driver.ts';
import type { Refusal } from '../src/errors.ts';

/** Storage that both hosts see, for instance NFS or a cluster file system: nothing has to be copied. */
export const shared: FsDriver = {
  kind: 'fs',
  name: 'shared',
  apiVersion: 1,
  description: 'Files on storage that both hosts see at once; nothing is copied',
  capabilities: { copies: false, replaces: false },
  source: () => ({
    refusals: () => Promise.resolve([]),
    sync: () => Promise.resolve({ bytes: 0, changed: 0, files: 0 }),
    release: () => Promise.resolve(),
  }),
  target: (trees) => ({
    refusals: async () => (await Promise.all(trees.map(missing))).flat(),
    prepare: () => Promise.resolve(),
    serve: (stream) => {
      stream.destroy();
      return Promise.resolve();
    },
    abort: () => Promise.resolve(),
  }),
};

async function missing({ target }: Tree): Promise<Refusal[]> {
  const there = await access(target).then(
    () => true,
    () => false,
  );
  if (there) return [];
  const message = `${target} does not exist on the target.`;
  const hint = 'Mount the shared storage there, or copy the files with --fs rsync.';
  return [{ code: 'PATH_MISSING', message, hint, host: 'target' }];
}
