import { readFile } from 'node:fs/promises';
import type { Refusal } from '../../src/errors.ts';
import type { OciState } from './runtime.ts';

// Who waits for a container to end and then does something about it: restarts it, removes it, reports its end.
const keepers = /^(runc|crun|conmon|conmonrs|containerd-shim.*)$/;

/**
 * A container in the foreground of another program cannot be stopped and started behind that program's back: it would take the stop
 * for the container's end, and restart or remove it by its own policy. `run -d` leaves a container to the host's init.
 */
export async function keptByAnother({ id, pid }: OciState): Promise<Refusal[]> {
  const parent = /^PPid:\s+(\d+)$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8').catch(() => ''))?.[1];
  const name = (await readFile(`/proc/${parent}/comm`, 'utf8').catch(() => '')).trim();
  if (!keepers.test(name)) return [];
  const message = `${id} is kept by ${name} (process ${parent}), which would act when it is stopped.`;
  const hint =
    'Move it with the program that started it, in live mode, or start it in the background (run -d).';
  return [{ code: 'CONTAINER_UNSUPPORTED', message, hint, host: 'source' }];
}
