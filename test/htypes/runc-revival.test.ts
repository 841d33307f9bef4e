import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { runcRevival } from '../../htypes/runc/revival.ts';
import type { RuncState } from '../../htypes/runc/state.ts';
import type { DriverContext } from '../../src/contracts/context.ts';
import type { Revival } from '../../src/contracts/htype.ts';
import { processStart } from '../../src/linux/processes.ts';

interface Stage {
  readonly revival: Revival;
  /** The commands that runc got. */
  readonly asked: readonly string[];
  readonly kill: () => Promise<void>;
}

/**
 * A container whose first process is a shell that ignores `deaf`, and a runc that sends signals to it.
 * @param config what config.json says besides
 */
async function stage(t: ExecutionContext, config: object = {}, deaf = ''): Promise<Stage> {
  const bundle = mkdtempSync('/tmp/phaul-revival ');
  writeFileSync(join(bundle, 'config.json'), JSON.stringify({ ociVersion: '1.0.2', ...config }));
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
    const [verb, , signal = ''] = args;
    if (verb === 'kill') process.kill(pid, signal.replace(/^(?!SIG)/, 'SIG') as NodeJS.Signals);
    return Promise.resolve('');
  };
  const state = {
    id: 'phaul no such',
    init_process_pid: pid,
    init_process_start: Number(await processStart(pid)),
  };
  const ctx = { run, directory: bundle } as unknown as DriverContext;
  return { revival: runcRevival(state as RuncState, bundle, ctx), asked, kill };
}

test('a container that says nothing of its stop signal gets SIGTERM', async (t) => {
  const { revival, asked } = await stage(t);
  t.deepEqual(await revival.stop(60_000), { signal: 'SIGTERM', killed: false });
  t.deepEqual(asked, ['runc kill phaul no such SIGTERM']);
  t.true(await revival.stillStopped());
});

const signals = { SIGINT: 'SIGINT', INT: 'SIGINT', '2': 'SIGINT', SIGUSR1: 'SIGUSR1' };
for (const [said, signal] of Object.entries(signals))
  test(`the stop signal ${said} of its image is heeded`, async (t) => {
    const annotations = { 'org.opencontainers.image.stopSignal': said };
    const { revival } = await stage(t, { annotations });
    t.deepEqual(await revival.stop(60_000), { signal, killed: false });
  });

test('a stop signal that there is not ends the attempt before the container hears of it', async (t) => {
  const { revival, asked } = await stage(t, {
    annotations: { 'org.opencontainers.image.stopSignal': 'SIGRTMIN+3' },
  });
  await t.throwsAsync(revival.stop(60_000), { code: 'STOP_FAILED', message: /SIGRTMIN\+3/ });
  t.deepEqual(asked, []);
});

test('one that does not end in time is killed', async (t) => {
  const { revival, asked } = await stage(t, {}, 'TERM');
  t.deepEqual(await revival.stop(50), { signal: 'SIGTERM', killed: true });
  t.deepEqual(asked, ['runc kill phaul no such SIGTERM', 'runc kill phaul no such KILL']);
});

test('one that has ended by itself is not asked', async (t) => {
  const { revival, asked, kill } = await stage(t);
  await kill();
  await t.throwsAsync(revival.stop(1000), { code: 'CONTAINER_STATE' });
  t.deepEqual(asked, []);
});

test('it is started as it was: from its bundle, in the background', async (t) => {
  const { revival, asked } = await stage(t);
  await revival.stop(60_000);
  await revival.start();
  t.regex(asked.at(-1) ?? '', /^runc --log \S+ \S+ run -d --bundle \/tmp\/phaul-revival \S+ phaul no such$/);
  t.is(asked.at(-2), 'runc delete --force phaul no such');
});

test("an operator's commands survive a shell, whatever the names", async (t) => {
  const { revival } = await stage(t);
  for (const command of [revival.startByHand, revival.removeByHand])
    t.is(spawnSync('/bin/sh', ['-n', '-c', command]).status, 0, command);
  t.is(revival.removeByHand, "runc delete 'phaul no such'");
  t.regex(
    revival.startByHand,
    /^runc delete 'phaul no such'; runc run -d --bundle '\/tmp\/phaul-revival \S+' /,
  );
});
