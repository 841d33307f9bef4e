import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { watchForHang } from '../../src/criu/hang.ts';
import { handClock } from '../observe/hand-clock.ts';

const patience = 5;

/** A process that has begun with what it is to do. */
async function started(t: ExecutionContext, command: string, ...args: string[]): Promise<ChildProcess> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
  t.teardown(() => child.exitCode ?? child.signalCode ?? process.kill(-child.pid!, 'SIGKILL'));
  await once(child.stdout!, 'data');
  return child;
}

const python = (t: ExecutionContext, ...lines: string[]): Promise<ChildProcess> =>
  started(t, 'python3', '-c', lines.join('\n'));

const idles = ['import time', 'print(flush=True)', 'time.sleep(1000)'];
const works = ['import time', 'print(flush=True)', 'while True: time.sleep(0.001)'];

/** So many looks at it, fewer if it is found to hang. Gives how many there were until then. */
async function looks(
  { pid: criu = 0 }: ChildProcess,
  { pid: root = 0 }: ChildProcess,
  excused: () => boolean = () => false,
): Promise<number | null> {
  const clock = handClock();
  let hangs = 0;
  const end = watchForHang({ criu, root, excused, patience: () => patience }, () => hangs++, clock);
  for (let look = 1; look <= 40; look++) {
    clock.advanceTo(look * 1000);
    await sleep(20);
    if (hangs > 0) return look;
  }
  end();
  return null;
}

test('a CRIU that sleeps hangs, and so it does while the container runs', async (t) => {
  const asleep = await python(t, ...idles);
  t.true(((await looks(asleep, asleep)) ?? 0) > patience);
  t.true(((await looks(asleep, await python(t, ...works))) ?? 0) > patience);
});

test('one that works does not, nor one that waits for a child at work, or for somebody else', async (t) => {
  const asleep = await python(t, ...idles);
  t.is(await looks(await python(t, ...works), asleep), null);
  const child = `exec('''${works.join('\n')}''')`;
  const parent = await python(t, 'import os', `if os.fork() == 0: ${child}`, 'os.wait()');
  t.is(await looks(parent, asleep), null);
  t.is(await looks(asleep, asleep, () => true), null);
});

test('one does not, whose code is at work in a task that it holds', async (t) => {
  const task = await python(t, ...works);
  const seize = `import ctypes; ctypes.CDLL(None).ptrace(0x4206, ${task.pid}, 0, 0)`;
  t.is(await looks(await python(t, seize, ...idles), task), null);
});

test('one that was stopped goes on', async (t) => {
  const criu = await python(t, ...works);
  criu.kill('SIGSTOP');
  t.is(await looks(criu, criu), null);
});

test('of one that has ended nothing is said', async (t) => {
  const criu = await python(t, ...idles);
  criu.kill('SIGKILL');
  await once(criu, 'exit');
  t.is(await looks(criu, criu), null);
});
