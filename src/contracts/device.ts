import type { Refusal } from '../errors.ts';
import type { DriverContext, Json } from './context.ts';
import type { SourceContainer } from './htype.ts';

/** Whatever else must follow the container and cannot be used on both hosts at once. Four stages, 0 to 3. */
export interface DeviceDriver {
  readonly kind: 'device';
  readonly name: string;
  readonly apiVersion: 1;
  readonly description: string;
  readonly capabilities: Readonly<Record<string, boolean>>;
  /** On the source: the device of this container, or null if it has none of this kind. */
  readonly source: (container: SourceContainer, ctx: DriverContext) => Promise<SourceDevice | null>;
  /** On the target, with the `state` of the source's half; validates it. */
  readonly target: (state: Json, ctx: DriverContext) => TargetDevice;
}

export interface SourceDevice {
  readonly state: Json;
  /** Stage 0, preflight: may we? Changes nothing. */
  readonly refusals: () => Promise<Refusal[]>;
  /** Stage 2: the container has just been frozen; let go of the device and return at once. */
  readonly freeze: () => Promise<void>;
  /**
   * Right before the commit, the container still frozen: what the target's half needs at `activate` and that only came to be since
   * the freeze (packets that arrived meanwhile). At most 512 KiB as JSON. Synchronous: every millisecond counts.
   */
  readonly handOver?: () => Json;
  /** Undo of `freeze`; the container is about to run here again. Idempotent. */
  readonly thaw: () => Promise<void>;
  /** After the commit: remove the device from this host. */
  readonly release: () => Promise<void>;
}

export interface TargetDevice {
  /** Stage 0, preflight: may we? Changes nothing. */
  readonly refusals: () => Promise<Refusal[]>;
  /** Stage 1: prepare everything, without the device being usable here. */
  readonly begin: () => Promise<void>;
  /**
   * Stage 3: the commit is decided, every task and socket is whole, and none runs before this returns: make the device usable. The
   * container stands still on both hosts; be quick. A throw is a warning: there is no way back.
   * @param handed what the source's half handed over, null if it has no `handOver`; to be validated
   */
  readonly activate: (handed: Json) => Promise<void>;
  /** The migration was undone: leave nothing. Idempotent. */
  readonly abort: () => Promise<void>;
}
