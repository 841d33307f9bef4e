import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DriverContext } from '../../src/contracts/context.ts';
import type { PodmanMeta } from './meta.ts';

/**
 * An archive of a container without a checkpoint, in the form that `podman container restore --import` takes. podman makes the container of it and then gives
 * up, because there is nothing to restore (pkg/checkpoint/checkpoint_restore.go, CRImportCheckpoint; libpod/container_internal_common.go, restore).
 * @returns its path
 */
export async function writeArchive(meta: PodmanMeta, ctx: DriverContext): Promise<string> {
  const directory = join(ctx.directory, 'podman-import');
  const archive = join(directory, 'archive.tar');
  const files = {
    'config.dump': meta.config,
    // Not the configuration of the run on the source: podman completes what it was asked for anew for each run.
    'spec.dump': meta.config['spec'],
    'network.status': meta.networkStatus,
  };
  await mkdir(directory, { recursive: true, mode: 0o700 });
  for (const [name, content] of Object.entries(files))
    await writeFile(join(directory, name), JSON.stringify(content ?? null));
  await ctx.run('tar', ['-C', directory, '-cf', archive, ...Object.keys(files)]);
  return archive;
}
