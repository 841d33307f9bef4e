import { basename, dirname } from 'node:path';
import type { DriverContext } from '../../src/contracts/context.ts';
import { isPlainPath } from '../../src/contracts/paths.ts';
import { PhaulError } from '../../src/errors.ts';

/** An image in one of podman's storages. */
export interface Image {
  readonly id: string;
  /** The storage's directory: podman's `graphRoot`. */
  readonly graphRoot: string;
}

/** The image that has this directory in its storage. @throws PROTOCOL_ERROR if no image has */
export function imageAt(path: string): Image {
  const [id, images] = [basename(path), dirname(path)];
  if (isPlainPath(path) && /^[0-9a-f]{64}$/.test(id) && basename(images) === 'overlay-images')
    return { id, graphRoot: dirname(images) };
  throw new PhaulError('PROTOCOL_ERROR', 'A tree that is to be an image is none.');
}

/**
 * What podman must be told to find the image's storage: nothing where that is its own. With `--root` podman leaves out the other settings of its
 * storage (pkg/domain/infra/runtime_libpod.go, GetRuntime).
 */
export async function storageFlags({ graphRoot }: Image, ctx: DriverContext): Promise<string[]> {
  const own = await ctx.run('podman', ['info', '--format', '{{.Store.GraphRoot}}']);
  return own.trim() === graphRoot ? [] : ['--root', graphRoot];
}
