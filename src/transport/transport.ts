import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import type { PhaulError } from '../errors.ts';

/** The way to the other host: one authenticated, encrypted connection with three channels in it. */
export interface Transport {
  /** The rpc channel. */
  readonly rpc: { readonly input: Readable; readonly output: Writable };
  /** One more stream of the mem channel (pages and images). Paused; not a byte of it has been read. */
  readonly openMem: () => Promise<Socket>;
  /** One more stream of the fs channel. Paused. */
  readonly openFs: () => Promise<Socket>;
  /** Settles when the connection is gone, with the reason. Never rejects. */
  readonly closed: Promise<PhaulError>;
  /** Ends the connection at once. Idempotent. */
  readonly close: () => void;
}

/** Where the target's service listens for the streams of the mem and fs channels, on both ends of the connection. */
export const channelSockets = (migration: string): { mem: string; fs: string } => ({
  mem: `/run/phaul/${migration}-target/mem`,
  fs: `/run/phaul/${migration}-target/fs`,
});
