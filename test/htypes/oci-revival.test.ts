import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { ociRevival } from '../../htypes/oci/revival.ts';
import { runcRuntime } from '../../htypes/oci/runc.ts';
import type { OciState } from '../../htypes/oci/runtime.ts';
import type { StopSignal } from '../../htypes/oci/stop-signal.ts';
import type { DriverContext } from '../../src/contracts/context.ts';
import type { Revival } from '../../src/contracts/htype.ts';
import { processStart } from '../../src/linux/processes.ts';

interface Stage {
  readonly revival: Revival;
  /** The commands that runc got. */
  readonly asked: readonly string[];
  readonly kill: () => Promise<void>;
}

const sigterm: StopSignal = { name: 'SIGTERM', forRuntime: 'TERM' };

/** A container whose first process is a shell that ignores `deaf`, and a runc that sends signals to it. */
async function stage(t: ExecutionContext, signal = sigterm, deaf = '', systemd = false): Promise<Stage> {
  const bundle = mkdtempSync('/tmp/phaul-revival ');
  const trap = deaf && `trap '' ${deaf};`;
  const child = spawn('sh', ['-c', `${trap} echo; while :; do sleep 0.05; done`], { stdio: 'pipe' });
  await once(child.stdout, 'data');
  const pid = child.pid!;
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  };
  t.teardown(async () => {
    await kill();
    rmSync(bundle, { recursive: true });
  });
  const asked: string[] = [];
  const run = (command: string, args: readonly string[]): Promise<string> => {
    asked.push([command, ...args].join(' '));
    const [verb, , word = ''] = args;
    if (verb === 'kill') process.kill(pid, Number(word) || (`SIG${word}` as NodeJS.Signals));
    return Promise.resolve('');
  };
  const state = {
    id: 'phaul no such',
    pid,
    born: await processStart(pid),
    bundle,
    systemd,
  };
  const ctx = { run, directory: bundle } as unknown as DriverContext;
  return { revival: ociRevival(runcRuntime, state as OciState, signal, ctx), asked, kill };
}

test('it is asked with its signal, and ends', async (t) => {
  const { revival, asked } = await stage(t);
  t.deepEqual(await revival.stop(60_000), { signal: 'SIGTERM', killed: false });
  t.deepEqual(asked, ['runc kill phaul no such TERM']);
  t.true(await revival.stillStopped());
});

test('the signal that it wants is sent in the words of runc', async (t) => {
  const { revival, asked } = await stage(t, { name: 'SIGUSR1', forRuntime: '10' });
  t.deepEqual(await revival.stop(60_000), { signal: 'SIGUSR1', killed: false });
  t.deepEqual(asked, ['runc kill phaul no such 10']);
});

test('one that does not end in time is killed', async (t) => {
  const { revival, asked } = await stage(t, sigterm, 'TERM');
  t.deepEqual(await revival.stop(50), { signal: 'SIGTERM', killed: true });
  t.deepEqual(asked, ['runc kill phaul no such TERM', 'runc kill phaul no such KILL']);
});

test('one that has ended by itself is not asked', async (t) => {
  const { revival, asked, kill } = await stage(t);
  await kill();
  await t.throwsAsync(revival.stop(1000), { code: 'STOP_FAILED' });
  t.deepEqual(asked, []);
});

test('it is started as it was: from its bundle, in the background', async (t) => {
  const { revival, asked } = await stage(t);
  await revival.stop(60_000);
  await revival.start();
  t.regex(
    asked.at(-1) ?? '',
    /^runc --log \S+ \S+ --log-format json run -d --bundle \/tmp\/phaul-revival \S+ phaul no such$/,
  );
  t.is(asked.at(-2), 'runc delete --force phaul no such');
});

test('what has a scope of systemd’s gets one again', async (t) => {
  const { revival, asked } = await stage(t, sigterm, '', true);
  await revival.stop(60_000);
  await revival.start();
  t.regex(asked.at(-1) ?? '', / --systemd-cgroup run -d /);
  t.regex(revival.startByHand, /; runc --systemd-cgroup run -d /);
});

test("an operator's command survives a shell, whatever the names", async (t) => {
  const { revival } = await stage(t);
  t.is(spawnSync('/bin/sh', ['-n', '-c', revival.startByHand]).status, 0);
  t.regex(
    revival.startByHand,
    /^runc delete 'phaul no such'; runc run -d --bundle '\/tmp\/phaul-revival \S+' /,
  );
});
