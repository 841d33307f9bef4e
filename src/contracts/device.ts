import type { Mode } from '../acts.ts';
import type { Refusal } from '../errors.ts';
import type { DriverContext, Json } from './context.ts';
import type { Driver } from './driver.ts';
import type { SourceContainer } from './htype.ts';

/**
 * Whatever else must follow the container and cannot be used on both hosts at once. It moves in four stages; a stage is over for all devices before
 * the next begins.
 *
 * | Stage | When                                                             | Source      | Target      |
 * | ----- | ---------------------------------------------------------------- | ----------- | ----------- |
 * | 0     | preflight: may it move? Changes nothing                          | `refusals`  | `refusals`  |
 * | 1     | the container runs: what can be done early                       | `begin`     | `begin`     |
 * |       | it is about to be frozen (live mode): let nothing begin          | `quiet`     |             |
 * | 2     | it stands still: begin to hand over, beside the final fs sync    | `freeze`    | `takeOver`  |
 * | 3     | wait for that                                                    | `settled`   | `takenOver` |
 * |       | commit: right before the word; before the first task runs        | `handOver`  | `activate`  |
 * |       | after it                                                         | `release`   | `finish`    |
 * |       | undone at any point before the commit                            | `abort`     | `abort`     |
 *
 * Stage 2 begins on the target when stage 3 is over for every device on the source: what one host only may use is let go of here before it is taken
 * over there. Undone, it is the other way round: `abort` on the target first, then on the source, then the container runs there again.
 *
 * The core calls one member of a device at a time, says in each error which device it was, and calls `abort` only when what is under way has
 * ended, for which it aborts `ctx.signal`. `abort`, `release` and `finish` are not called again once they have succeeded. No member has a limit of
 * the core's: a program of the user's may take as long as the user says. For units and codes see htype.ts.
 */
export interface DeviceDriver extends Driver<'device', DeviceCapabilities> {
  /** On the source, once, in preflight, the container runs: the devices of this kind that it has. Changes nothing. A throw refuses the migration. */
  readonly source: (container: SourceContainer, ctx: DeviceContext) => Promise<readonly SourceDevice[]>;
  /** On the target, in preflight, with the `state` of the source's half; validates it and changes nothing. @throws PROTOCOL_ERROR */
  readonly target: (state: Json, ctx: DeviceContext) => TargetDevice;
}

export interface DeviceCapabilities {
  /**
   * The target's half has stages 2 and 3: the device is in use there before the commit, so that the source takes it back only after the target's
   * word that it has given it up.
   */
  readonly takeOver: boolean;
}

export interface DeviceContext extends DriverContext {
  readonly move: Move;
}

/** What is being moved. */
export interface Move {
  /** The container's name on this host. */
  readonly container: string;
  /** The other host: on the source as the user named it (empty if `phaul check` was given none), on the target as it names itself. */
  readonly peer: string;
  readonly mode: Mode;
}

export interface SourceDevice {
  /** What errors and reports call it. */
  readonly name: string;
  readonly state: Json;
  /** Stage 0, preflight, the container runs on the source: may we? Changes nothing. A throw is one more refusal. */
  readonly refusals: () => Promise<Refusal[]>;
  /** Stage 1, while the container runs. A throw undoes the migration; so it does in stages 2 and 3. */
  readonly begin?: () => Promise<void>;
  /**
   * Live mode, right before the freeze, the container runs: resolves when nothing is under way that a freeze would break off, and nothing more can
   * begin. Be quick: what the container writes meanwhile moves in the freeze.
   * @param along `connections`: the open TCP connections move; else they are closed on the target (--no-tcp), and none need be waited for
   */
  readonly quiet?: (along: { readonly connections: boolean }) => Promise<void>;
  /**
   * Stage 2: the container has just been frozen, or has ended. Do what must be done before its dump goes on, begin the rest, and return at once: it
   * stands still, and goes on doing so for as long as this takes.
   */
  readonly freeze: () => Promise<void>;
  /** Stage 3: resolves when this host has let go of the device. */
  readonly settled?: () => Promise<void>;
  /**
   * Right before the commit, the container still frozen: what the target's half needs at `activate` and that only came to be since
   * the freeze (packets that arrived meanwhile). At most 512 KiB as JSON. Synchronous: every millisecond counts.
   */
  readonly handOver?: () => Json;
  /**
   * The migration was undone, at any stage; the container is about to run here again and must have its device. After a throw the container
   * is held, and it is called again later, or else the command that was noted for the case of phaul's death (`ctx.ifKilled`).
   */
  readonly abort: () => Promise<void>;
  /** After the commit: remove the device from this host. After a throw, which the user sees as RELEASE_FAILED, it may be called again. */
  readonly release: () => Promise<void>;
}

export interface TargetDevice {
  readonly name: string;
  /** Stage 0, preflight, the container runs on the source: may we? Changes nothing. A throw is one more refusal. */
  readonly refusals: () => Promise<Refusal[]>;
  /** Stage 1: prepare everything, without the device being usable here. A throw undoes the migration; so it does in stages 2 and 3. */
  readonly begin: () => Promise<void>;
  /** Stage 2: the source has let go of all devices, and the container stands still. Begin to make the device usable, and return at once. */
  readonly takeOver?: () => Promise<void>;
  /** Stage 3: resolves when the device is usable here. Only then is the container restored or started. */
  readonly takenOver?: () => Promise<void>;
  /**
   * The commit is decided, every task and socket is whole, and none runs before this returns: do what must not be done any earlier. The
   * container stands still on both hosts; be quick. A throw is a warning: there is no way back.
   * @param handed what the source's half handed over, null if it has no `handOver`; to be validated
   */
  readonly activate?: (handed: Json) => Promise<void>;
  /** The container runs here, for good: remove what only the migration needed. A throw is a warning. */
  readonly finish?: () => Promise<void>;
  /**
   * The migration was undone: leave nothing. Once the device has been taken over this is called again until it does not throw, and when no task is left. A
   * device that is not taken over goes first, so that nobody hears the tasks die.
   */
  readonly abort: () => Promise<void>;
}
