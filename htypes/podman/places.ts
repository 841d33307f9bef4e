import { join } from 'node:path';

/** podman's own directory of a container (its `StaticDir`). */
export const staticDirectory = (graphRoot: string, id: string): string =>
  join(graphRoot, 'overlay-containers', id, 'userdata');

/** What of it is mounted at /dev/shm. */
export const shmDirectory = (graphRoot: string, id: string): string =>
  join(staticDirectory(graphRoot, id), 'shm');

/**
 * On the target, while the container is on its way: where what has no place of its own yet is received. The directory of its writable layer has another
 * name on each host, and its log must not be replaced while conmon writes it.
 */
export const arrivals = (graphRoot: string, id: string): string =>
  join(staticDirectory(graphRoot, id), 'phaul');
export const arrivingLayer = (graphRoot: string, id: string): string =>
  join(arrivals(graphRoot, id), 'layer');
