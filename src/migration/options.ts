/** What the user asks for; validated by the CLI. */
export interface MigrateOptions {
  readonly container: string;
  /** `[user@]host[:port]` */
  readonly destination: string;
  readonly mode: 'live';
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
  readonly maxIterations: number;
  /** False leaves the container stopped on the target. */
  readonly start: boolean;
  readonly autoDedup: boolean;
  /** Established TCP connections: true moves them, false closes them. */
  readonly tcp: boolean;
  readonly pidRoot?: string | undefined;
  readonly targetPidFile?: string | undefined;
  readonly criuPath: string;
  /** The longest the container may stand still before everything is undone, in seconds. */
  readonly timeout: number;
  readonly acceptNewHostKey: boolean;
}
