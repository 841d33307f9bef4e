import { join } from 'node:path';
import type { Tree } from '../../src/contracts/context.ts';

/** podman's own directory of a container (its `StaticDir`). */
export const staticDirectory = (graphRoot: string, id: string): string =>
  join(graphRoot, 'overlay-containers', id, 'userdata');

/** What of it is mounted at /dev/shm. */
export const shmDirectory = (graphRoot: string, id: string): string =>
  join(staticDirectory(graphRoot, id), 'shm');

/**
 * On the target, while the container is on its way: where that is received which has no place before podman has made the container, or another on
 * each host. On podman's own file system, so that what has come is renamed and not copied; but not among its layers, because podman mounts their directory
 * over itself whenever it likes.
 */
export const arrivals = (graphRoot: string, id: string): string => join(graphRoot, 'phaul', id);
export const arrivingLayer = (graphRoot: string, id: string): string =>
  join(arrivals(graphRoot, id), 'layer');
export const arrivingShm = (graphRoot: string, id: string): string => join(arrivals(graphRoot, id), 'shm');
export const arrivingLog = (graphRoot: string, id: string): string =>
  join(arrivals(graphRoot, id), 'ctr.log');

/** An image, by the directory that podman's storage has of it. Only podman can read it, so only one fs driver can move it. */
export const imageTree = (graphRoot: string, image: string): Tree => {
  const path = join(graphRoot, 'overlay-images', image);
  return { source: path, target: path, by: 'podman-image' };
};
