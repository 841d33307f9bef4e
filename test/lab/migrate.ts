import type { ErrorReport, Summary } from '../../src/observe/events.ts';
import type { Runtime } from './container.ts';
import type { Host, HostName } from './host.ts';

/** The last line that `phaul migrate --json` prints on stdout. */
export type MigrationResult =
  ({ readonly ok: true } & Summary) | { readonly ok: false; readonly error: ErrorReport };

export interface MigrateOptions {
  /** More arguments for `phaul migrate`. */
  readonly args?: readonly string[];
  /** Called with each line that phaul prints for people. */
  readonly onProgress?: (line: string) => void;
}

/**
 * Runs `phaul migrate` on the source.
 * @throws if phaul ends without a result
 */
export async function migrate(
  source: Host,
  target: HostName,
  container: string,
  { args = ['--mode', 'live'], onProgress }: MigrateOptions = {},
): Promise<MigrationResult> {
  const onLine = (line: string, stream: 'stdout' | 'stderr'): void => {
    if (stream === 'stderr') onProgress?.(line);
  };
  const command = ['phaul', 'migrate', ...args, '--json', container, target];
  const { stdout, stderr, exitCode } = await source.run(command, { check: false, onLine });
  const last = stdout.trimEnd().split('\n').at(-1) ?? '';
  if (!last.startsWith('{"type":"result"')) {
    throw new Error(`phaul ended with ${exitCode} and no result\n${onProgress ? '' : stderr}`.trimEnd());
  }
  return JSON.parse(last) as MigrationResult;
}

/** Whether a host's runtime runs the container. */
export async function isRunning(host: Host, container: string, runtime: Runtime = 'runc'): Promise<boolean> {
  const list = JSON.parse(await host.sh(`${runtime} list --format json`)) as
    { id: string; status: string }[] | null;
  return (list ?? []).some(({ id, status }) => id === container && status === 'running');
}
