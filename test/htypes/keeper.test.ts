import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { keptByAnother } from '../../htypes/oci/keeper.ts';
import type { OciState } from '../../htypes/oci/runtime.ts';

/** The refusals of a container whose first process has a parent of that name. */
async function keptBy(t: ExecutionContext, name: string): Promise<Awaited<ReturnType<typeof keptByAnother>>> {
  const home = mkdtempSync('/tmp/phaul-keeper-');
  const program = join(home, name);
  copyFileSync('/bin/sh', program);
  const parent = spawn(program, ['-c', 'sleep 1000 & echo $!; wait'], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  t.teardown(() => {
    process.kill(-parent.pid!, 'SIGKILL');
    rmSync(home, { recursive: true });
  });
  const [pid] = (await once(parent.stdout, 'data')) as [Buffer];
  return keptByAnother({ id: 'ct101', pid: Number(pid) } as OciState);
}

for (const name of ['runc', 'crun', 'conmon', 'containerd-shim-runc-v2'])
  test(`a container that ${name} waits for is not stopped behind its back`, async (t) => {
    const [refusal, ...others] = await keptBy(t, name);
    t.like(refusal, { code: 'CONTAINER_UNSUPPORTED', host: 'source' });
    // The kernel keeps 15 characters of a name.
    t.true(refusal?.message.includes(`ct101 is kept by ${name.slice(0, 15)} (process `), refusal?.message);
    t.deepEqual(others, []);
  });

test('one that was left to the init of the host may be stopped', async (t) => {
  t.deepEqual(await keptBy(t, 'systemd'), []);
});

test('one that has just ended is no matter of anybody else', async (t) => {
  t.deepEqual(await keptByAnother({ id: 'ct101', pid: 4_194_305 } as OciState), []);
});
