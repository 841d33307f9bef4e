import { execa } from 'execa';
import { PhaulError } from './errors.ts';

/**
 * Runs a program without a shell, in a process group of its own (Ctrl-C on the terminal must not reach it: phaul undoes
 * first), in the C locale, and gives its standard output.
 *
 * @throws TOOL_MISSING if it is not installed, DRIVER_FAILED with its last line of stderr if it fails.
 */
export async function run(
  command: string,
  args: readonly string[],
  options: {
    readonly input?: string;
    readonly quiet?: boolean;
    readonly signal?: AbortSignal | undefined;
  } = {},
): Promise<string> {
  const result = await execa(command, [...args], {
    reject: false,
    detached: true,
    cleanup: false,
    env: { LC_ALL: 'C' },
    ...(options.quiet ? { stdout: 'ignore' as const, stderr: 'ignore' as const } : {}),
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    ...(options.signal ? { cancelSignal: options.signal } : {}),
  });
  if (!result.failed) return result.stdout ?? '';
  if (result.isCanceled) throw new PhaulError('CANCELLED', `${command} was stopped.`);
  if (result.code === 'ENOENT') throw new PhaulError('TOOL_MISSING', `${command} is not installed.`);
  const said = (result.stderr ?? '').trim().split('\n').at(-1) || result.shortMessage;
  throw new PhaulError('DRIVER_FAILED', `${command} ${args[0] ?? ''}: ${said}`, { cause: result });
}
