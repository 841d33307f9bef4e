import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import type { DriverContext } from '../../src/contracts/context.ts';
import { startOn } from '../common/process.ts';

/** What came of one half's script. */
interface Talk {
  readonly code: number | null;
  /** What it wrote to descriptor 3. */
  readonly said: string;
  /** The end of it. */
  readonly stderr: string;
}

/** Runs a shell's script that talks with the other half on the stream, which stays open. */
export async function talk(
  script: string,
  stream: Socket,
  args: readonly string[],
  signal: AbortSignal,
): Promise<Talk> {
  const words = ['-c', script, 'sh', ...args];
  const child = await startOn(stream, '/bin/sh', words, [stream, stream, 'pipe', 'pipe'], signal);
  let [stderr, said] = ['', ''];
  child.stderr?.on('data', (text: Buffer) => (stderr = (stderr + text.toString()).slice(-65_536)));
  (child.stdio[3] as Socket).on('data', (text: Buffer) => (said += text.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said, stderr };
}

/** Gives `work` a directory for what may be larger than memory. It is gone afterwards. */
export async function withRoom<T>(
  { ifKilled }: DriverContext,
  work: (directory: string) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp('/var/tmp/phaul-image-');
  const forget = ifKilled('rm', ['-rf', '--', directory]);
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
    forget();
  }
}
