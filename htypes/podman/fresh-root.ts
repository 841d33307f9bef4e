import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DriverContext } from '../../src/contracts/context.ts';
import { PhaulError } from '../../src/errors.ts';

/**
 * Mounts a container's root file system anew, as podman has mounted it. overlayfs remembers what was looked up, and the layer below it is still being
 * written; in a mount at which nobody has looked there is nothing to remember.
 * @param merged where it is mounted
 */
export async function mountAnew(merged: string, graphRoot: string, ctx: DriverContext): Promise<void> {
  const lines = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' '));
  const options = lines.findLast(([, at, type]) => at === merged && type === 'overlay')?.[3];
  if (options === undefined)
    throw new PhaulError('DRIVER_FAILED', `podman on the target has not mounted ${merged}.`);
  await ctx.run('umount', [merged]);
  // podman names many layers by paths from here.
  const words = [
    '-C',
    join(graphRoot, 'overlay'),
    'mount',
    '-t',
    'overlay',
    '-o',
    options,
    'overlay',
    merged,
  ];
  await ctx.run('env', words);
}
