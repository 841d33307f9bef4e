import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ExecutionContext } from 'ava';
import { type Scene, scene } from '../../../src/migration/surprises/scene.ts';

/** Runs lines of Python in a session of its own, which then wait; it ends with the test. @returns its pid */
export async function program(t: ExecutionContext, lines: string): Promise<number> {
  // Whoever runs the tests may have left descriptors open.
  const text = `import ctypes, os, socket, time\nos.closerange(3, 4096)\n${lines}\nprint('ready', flush=True)\nos.close(1)\ntime.sleep(1000)`;
  const child = spawn('python3', ['-c', text], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  t.teardown(() => process.kill(-child.pid!, 'SIGKILL'));
  await once(child.stdout.resume(), 'end');
  return child.pid!;
}

export const choices = { shellJob: false, tcp: true } as const;

/** The scene of a container that is nothing but these processes. */
export const sceneOf = (...pids: number[]): Promise<Scene> =>
  scene(pids, {}, choices, new AbortController().signal);

/** Such a program as a container, in the host's own namespaces. */
export const sceneWith = async (t: ExecutionContext, lines: string): Promise<Scene> =>
  sceneOf(await program(t, lines));
