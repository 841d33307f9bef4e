import type { Mode } from '../acts.ts';

/** What the user asks for; validated by the CLI. */
export interface MigrateOptions {
  readonly container: string;
  /** `[user@]host[:port]` */
  readonly destination: string;
  readonly mode: Mode;
  readonly type?: string | undefined;
  readonly fs?: string | undefined;
  readonly targetId?: string | undefined;
  readonly keepImages: boolean;
  /** Directory on both hosts for the images, instead of a tmpfs. */
  readonly imagePath?: string | undefined;
  /** Overwrite existing files on the target. */
  readonly force: boolean;
  readonly skipCpuCheck: boolean;
  readonly skipCriuCheck: boolean;
  readonly shellJob: boolean;
  /** Iterations before the freeze: true insists, false forbids, undefined lets the kernel decide. */
  readonly preDump?: boolean | undefined;
  /** How memory travels: directly over TLS, or through ssh; auto: directly if the target's port can be reached. */
  readonly data: 'auto' | 'ssh' | 'direct';
  /** On which the target listens for direct connections; 0: any. */
  readonly dataPort: number;
  /** auto: if it proves to be quicker. */
  readonly compress: 'auto' | 'none' | 'zstd';
  /** Most bytes of memory that go over the link in a second; null: as many as can. */
  readonly bandwidthLimit: number | null;
  /** A freeze that is expected to be this short ends the iterations, in ms. */
  readonly downtimeLimit: number;
  /** What to do if more iterations will not bring it so far. */
  readonly onNoConvergence: 'go' | 'fail';
  readonly maxIterations: number;
  /** Growth of an iteration against the one before, as a fraction, from which on more do not help. */
  readonly maxGrowth: number;
  /** Revive mode: an iteration that moved this much or less is the last, in bytes. */
  readonly enough: number;
  /** Revive mode: how long the container may take to end after its stop signal, in seconds; then it is killed. */
  readonly stopTimeout: number;
  /** False leaves the container stopped on the target. */
  readonly start: boolean;
  /** Whether the container runs before all of its memory is in place: undefined lets the target's kernel decide. */
  readonly restore?: 'eager' | 'lazy' | undefined;
  /** Established TCP connections: true moves them, false closes them. */
  readonly tcp: boolean;
  readonly pidRoot?: string | undefined;
  readonly targetPidFile?: string | undefined;
  readonly criuPath: string;
  /** The longest the container may stand still before everything is undone, in seconds. */
  readonly timeout: number;
  readonly acceptNewHostKey: boolean;
}
