import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { PhaulError } from '../errors.ts';

/** The way to the other host: one authenticated, encrypted connection with three channels in it. */
export interface Transport {
  /** The rpc channel. */
  readonly rpc: { readonly input: Readable; readonly output: Writable };
  /** Arguments with which ssh runs one more command on the target, without another login; null: the connection cannot be shared. */
  readonly login: readonly string[] | null;
  /** One more stream of the mem channel (pages and images). Paused; not a byte of it has been read. */
  readonly openMem: () => Promise<Socket>;
  /** One more stream of the fs channel, to the fs driver of that number (in the order of `check`'s `fs`). Paused. */
  readonly openFs: (driver: number) => Promise<Socket>;
  /** Settles when the connection is gone, with the reason. Never rejects. */
  readonly closed: Promise<PhaulError>;
  /** Ends the connection at once. Idempotent. */
  readonly close: () => void;
}

/** So many fs drivers can share the work of one migration. */
export const mostFsDrivers = 4;

/** The sockets in a directory: of the mem and fs channels the near ends on the source, the far ends on the target; and where ssh lets its connection be shared. */
export const socketsIn = (directory: string): { ssh: string; mem: string; fs: readonly string[] } => ({
  ssh: join(directory, 'ssh'),
  mem: join(directory, 'mem'),
  fs: Array.from({ length: mostFsDrivers }, (_, driver) => join(directory, `fs${driver}`)),
});

/** Where the target's service listens for the streams of the mem and fs channels. */
export const channelSockets = (migration: string): ReturnType<typeof socketsIn> =>
  socketsIn(`/run/phaul/${migration}-target`);
