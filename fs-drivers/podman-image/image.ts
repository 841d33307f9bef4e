import { basename, dirname } from 'node:path';
import type { DriverContext } from '../../src/contracts/context.ts';
import { isPlainPath } from '../../src/contracts/paths.ts';
import { PhaulError } from '../../src/errors.ts';
import { lastLine } from '../../src/run.ts';

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

/** For a storage that is not podman's own. With it podman leaves out the other settings of its own (pkg/domain/infra/runtime_libpod.go, GetRuntime). */
const rootFlags = ({ graphRoot }: Image): string[] => ['--root', graphRoot];

/** An image that is here, with the flags by which podman finds it, and its bytes. @throws DRIVER_FAILED if it is not */
export async function found(
  image: Image,
  ctx: DriverContext,
): Promise<{ readonly flags: readonly string[]; readonly bytes: number }> {
  const inspect = ['image', 'inspect', '--format', '{{.Size}}', image.id];
  const own = await ctx.attempt('podman', inspect);
  if (own.exitCode === 0) return { flags: [], bytes: Number.parseInt(own.stdout, 10) };
  const flags = rootFlags(image);
  return { flags, bytes: Number.parseInt(await ctx.run('podman', [...flags, ...inspect]), 10) };
}

/** Whether it is here, and the flags for its storage. @throws DRIVER_FAILED if podman does not say */
export async function sought(
  image: Image,
  ctx: DriverContext,
): Promise<{ readonly flags: readonly string[]; readonly present: boolean }> {
  const isThere = async (flags: readonly string[]): Promise<boolean> => {
    const { exitCode, stderr } = await ctx.attempt('podman', [...flags, 'image', 'exists', image.id]);
    if (exitCode !== 0 && exitCode !== 1) throw new PhaulError('DRIVER_FAILED', lastLine(stderr));
    return exitCode === 0;
  };
  // Each call takes its time, and mostly one is enough.
  if (await isThere([])) return { flags: [], present: true };
  const own = await ctx.run('podman', ['info', '--format', '{{.Store.GraphRoot}}']);
  if (own.trim() === image.graphRoot) return { flags: [], present: false };
  const flags = rootFlags(image);
  return { flags, present: await isThere(flags) };
}
