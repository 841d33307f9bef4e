import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import type { OciRuntime, OciState } from '../../htypes/oci/runtime.ts';
import { vacate } from '../../htypes/oci/vacate.ts';

/** A runtime with one container, whose first process does nothing; its cgroup is a directory in which nothing happens by itself. */
function stage(t: ExecutionContext, systemd: boolean) {
  const root = mkdtempSync('/tmp/phaul-vacate-');
  t.teardown(() => rmSync(root, { recursive: true }));
  const first = spawn('sleep', ['1000'], { stdio: 'ignore' });
  const ended = once(first, 'exit');
  const state = { pid: first.pid, cgroups: { '': root }, systemd } as unknown as OciState;
  const runtime = { root, readState: () => Promise.resolve(state) } as unknown as OciRuntime;
  return { runtime, ended, procs: `${root}/cgroup.procs` };
}

test('where systemd has the cgroup, another process is in it before the first one ends, and until it is told', async (t) => {
  const { runtime, ended, procs } = stage(t, true);
  const vacancy = await vacate(runtime, 'ct101');
  const [, signal] = (await ended) as [null, string];
  t.is(signal, 'SIGKILL');
  const pid = readFileSync(procs, 'utf8');
  t.is(readFileSync(`/proc/${pid}/comm`, 'utf8'), 'cat\n');
  await vacancy.end();
  t.false(existsSync(`/proc/${pid}`));
  await vacancy.end();
});

test('elsewhere the cgroup stays by itself', async (t) => {
  const { runtime, ended, procs } = stage(t, false);
  writeFileSync(procs, 'nobody');
  await (await vacate(runtime, 'ct101')).end();
  await ended;
  t.is(readFileSync(procs, 'utf8'), 'nobody');
});
