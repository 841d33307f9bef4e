import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CriuRequest } from '../../criu-proto/messages.ts';
import { rehearsedDump, rehearsedRestore } from '../criu/requests.ts';
import { startSwrk } from '../criu/swrk.ts';

// A phaul that is killed in the middle leaves it behind: it ends by itself.
const livesSeconds = 10;

/**
 * How long CRIU takes on this host to make a small task anew, in ms: the unit by which the source expects the restore to take its time. It is done while the
 * container still runs there, so everything that a first restore has to wait for (programs to be read, code to be compiled) has been waited for by then.
 * @param directory to work in
 * @returns null if it did not succeed, for whatever reason: then nothing is known
 */
export async function rehearseRestore(
  criuPath: string,
  directory: string,
  signal: AbortSignal,
): Promise<number | null> {
  const images = join(directory, 'rehearsal');
  await mkdir(images, { mode: 0o700 });
  const extra = spawn('sleep', [String(livesSeconds)], { stdio: 'ignore', detached: true, cwd: '/' });
  const ended = once(extra, 'exit');
  ended.catch(() => undefined);
  try {
    await once(extra, 'spawn');
    if (!(await asked(criuPath, rehearsedDump(images, extra.pid ?? 0), signal)).success) return null;
    await ended;
    const began = performance.now();
    const { success, restore } = await asked(criuPath, rehearsedRestore(images), signal);
    const took = performance.now() - began;
    if (!success || !restore) return null;
    process.kill(restore.pid, 'SIGKILL');
    return took;
  } catch {
    return null;
  } finally {
    extra.kill('SIGKILL');
    await rm(images, { recursive: true, force: true });
  }
}

async function asked(
  criuPath: string,
  request: CriuRequest,
  signal: AbortSignal,
): ReturnType<Awaited<ReturnType<typeof startSwrk>>['request']> {
  const swrk = await startSwrk({ criuPath });
  const kill = (): void => swrk.kill();
  signal.addEventListener('abort', kill, { once: true });
  try {
    signal.throwIfAborted();
    return await swrk.request(request);
  } finally {
    signal.removeEventListener('abort', kill);
    await swrk.end();
  }
}
