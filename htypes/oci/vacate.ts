import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type OciRuntime, type OciState, stateDirectory } from './runtime.ts';

/** The place of a container's first process, which waits for the restored one. */
export interface Vacancy {
  /** The restored one has come, or never will. Idempotent. */
  readonly end: () => Promise<void>;
}

/** Ends a first process that waits for its start. What its runtime has made for it stays: its place is for another process. */
export async function vacate(runtime: OciRuntime, id: string): Promise<Vacancy> {
  const vacancy = await kept(await runtime.readState(id));
  try {
    await endInit(runtime, id);
  } catch (error) {
    await vacancy.end();
    throw error;
  }
  return vacancy;
}

/**
 * systemd removes a scope, with its cgroup and its limits, as soon as no process is left in it. So one that does nothing stays there. It ends
 * with this process, too: then there is nobody left at the other end of its pipe.
 */
async function kept({ cgroups, systemd }: OciState): Promise<Vacancy> {
  if (!systemd) return { end: () => Promise.resolve() };
  const child = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'], detached: true, cwd: '/' });
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  await once(child, 'spawn');
  const gone = once(child, 'exit');
  const end = async (): Promise<void> => {
    child.kill('SIGKILL');
    await gone;
  };
  try {
    for (const directory of new Set(Object.values(cgroups)))
      await writeFile(join(directory, 'cgroup.procs'), String(child.pid));
  } catch (error) {
    await end();
    throw error;
  }
  return { end };
}

export async function endInit(runtime: OciRuntime, id: string): Promise<void> {
  const { pid } = await runtime.readState(id);
  process.kill(pid, 'SIGKILL');
  // Gone, or a zombie that only its parent can remove; either way it holds nothing any more.
  while (!['Z', 'X', undefined].includes(await processState(pid))) await sleep(2);
  // With this file there a runtime takes a container for created and not for running (runc: libcontainer/container_linux.go, runType; crun: container.c,
  // libcrun_get_container_state_string).
  await rm(join(stateDirectory(runtime, id), 'exec.fifo'), { force: true });
}

async function processState(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return text ? text.slice(text.lastIndexOf(')') + 2)[0] : undefined;
}
