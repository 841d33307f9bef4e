/** The version of the three contracts. It is raised when a driver that was written for an earlier one could no longer be used as it is. */
export const driverApi = 1;

/** What a driver of any kind may be called. */
export const driverName = /^[a-z][a-z0-9-]{0,30}$/;

export type DriverKind = 'htype' | 'fs' | 'device';

/** What every driver says of itself, whatever its kind. All of it is data: it is read on both hosts and nothing is called for it. */
export interface Driver<Kind extends DriverKind, Capabilities> {
  readonly kind: Kind;
  /** Small letters, digits and hyphens. The same on both hosts, by which its two halves find each other. */
  readonly name: string;
  /** The version of the contract that it was written for. Another than phaul's own is refused when the driver is loaded (DRIVER_API). */
  readonly apiVersion: typeof driverApi;
  /** One line for `phaul drivers`, without a full stop. */
  readonly description: string;
  /** What it can do. The core decides from this, never from the name. */
  readonly capabilities: Capabilities;
  /** Commands that tell the versions of the programs that it works with (`['runc', '--version']`): both hosts' are shown to the user. They are run without a shell. */
  readonly programs?: readonly (readonly [program: string, ...args: string[]])[];
}
