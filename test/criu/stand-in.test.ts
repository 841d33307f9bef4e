import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { awaitStandIn, becomeOfStandIn, standInEnvironment, standInSocket } from '../../src/criu/stand-in.ts';
import { startSwrk } from '../../src/criu/swrk.ts';
import { processStart } from '../../src/linux/processes.ts';
import { fakeCriu, soundCriu } from './fake-criu.ts';

/** Does as LXC does: looks for criu, and has it restore. */
function look(
  t: ExecutionContext,
  args: readonly string[],
  more: Record<string, string> = {},
): { socket: string; child: ChildProcess; said: () => string } {
  const home = mkdtempSync('/tmp/phaul-stand-in-');
  const socket = standInSocket(home);
  const environment = {
    ...process.env,
    NODE_OPTIONS: process.execArgv.find((option) => option.startsWith('--import=')),
    ...standInEnvironment(socket),
    ...more,
  };
  const child = spawn('sh', ['-c', 'exec criu "$@"', 'sh', ...args], { env: environment });
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  t.teardown(() => {
    child.kill('SIGKILL');
    rmSync(home, { recursive: true });
  });
  return { socket, child, said: () => said };
}

const never = new AbortController().signal;

test('asked for its version it says one that LXC takes', async (t) => {
  const { child, said } = look(t, ['--version']);
  t.deepEqual(await once(child, 'close'), [0, null]);
  t.regex(said(), /^Version: \d+\.\d+\n$/);
});

test('asked to restore it waits, tells what it was asked, and becomes CRIU in its place', async (t) => {
  const { socket, child } = look(t, ['restore', '--root', '/a b']);
  const standIn = await awaitStandIn(socket, never);
  t.deepEqual(standIn.args, ['restore', '--root', '/a b']);
  t.is(standIn.pid, child.pid ?? 0);
  const criu = fakeCriu(t, soundCriu);
  const swrk = await startSwrk({ criuPath: criu.path, standIn: socket });
  t.is(swrk.pid, standIn.pid);
  const { version } = await swrk.request({ type: 'VERSION', keep_open: true });
  t.true((version?.major_number ?? 0) >= 4);
  t.deepEqual(criu.facts().argv, ['swrk', '3']);
  await swrk.end();
  t.is(await processStart(swrk.pid), null);
});

test('what it becomes has the descriptors, and its end is its own', async (t) => {
  const { socket, child, said } = look(t, ['restore']);
  await awaitStandIn(socket, never);
  const args = ['-c', 'readlink /proc/$$/fd/3; kill -PIPE $$; sleep 10'];
  const closed = once(child, 'close');
  await becomeOfStandIn(socket, { program: 'sh', args, descriptors: [0] });
  t.deepEqual(await closed, [null, 'SIGPIPE'], 'it ignores no signal that Node ignores');
  t.not(said().trim(), '');
});

test('what it becomes looks for programs where it was told to', async (t) => {
  const { socket, child, said } = look(t, ['restore']);
  await awaitStandIn(socket, never);
  const closed = once(child, 'close');
  const path = `/elsewhere:${process.env['PATH']}`;
  await becomeOfStandIn(socket, { program: 'sh', args: ['-c', 'echo "$PATH"'], descriptors: [], path });
  await closed;
  t.is(said(), `${path}\n`);
});

test('dismissed it ends as a CRIU that has failed', async (t) => {
  const { socket, child } = look(t, ['restore']);
  (await awaitStandIn(socket, never)).dismiss();
  t.deepEqual(await once(child, 'close'), [1, null]);
  await t.throwsAsync(becomeOfStandIn(socket, { program: 'true', args: [], descriptors: [] }));
});

test('it ends if phaul dies before it has come to it, with what is there for the restore', async (t) => {
  const [phaul, first] = [1, 2].map(() => spawn('sleep', ['1000'], { stdio: 'ignore' })) as [
    ChildProcess,
    ChildProcess,
  ];
  const { socket, child } = look(t, ['restore'], {
    PHAUL_STAND_IN_FOR: String(phaul.pid),
    PHAUL_STAND_IN_COMPANION: `${first.pid} ${await processStart(first.pid ?? 0)}`,
  });
  const closed = once(child, 'close');
  const dead = once(first, 'exit');
  while (!existsSync(socket)) await sleep(10);
  phaul.kill('SIGKILL');
  t.deepEqual(await closed, [1, null]);
  t.deepEqual(await dead, [null, 'SIGKILL']);
  t.false(existsSync(socket));
});

test('nobody waits for one that does not come', async (t) => {
  const home = mkdtempSync('/tmp/phaul-stand-in-');
  t.teardown(() => rmSync(home, { recursive: true }));
  await t.throwsAsync(awaitStandIn(join(home, 'none'), AbortSignal.timeout(50)));
});
