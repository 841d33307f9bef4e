import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { type Command, type Freezer, freezer } from '../../src/linux/freezer.ts';

const perform = ({ command, args }: Command): void => void execFileSync(command, [...args]);

interface Ward {
  readonly root: ChildProcess;
  /** How often parent and child together have looked up. */
  readonly count: () => number;
  readonly cgroups: () => string;
}

/** A process and its child that both are at work. */
async function ward(
  t: ExecutionContext,
  script = 'import os, time; os.fork()\nwhile True: os.write(1, b"."); time.sleep(0.01)',
): Promise<Ward> {
  const root = spawn('python3', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
  t.teardown(() => {
    try {
      process.kill(-(root.pid ?? 0), 'SIGKILL');
    } catch {
      // It has been killed.
    }
  });
  let count = 0;
  root.stdout.on('data', (text: Buffer) => (count += text.length));
  await once(root.stdout, 'data');
  return { root, count: () => count, cgroups: () => readFileSync(`/proc/${root.pid}/cgroup`, 'utf8') };
}

/** What it said before is read first: a turn of the loop takes all that is in the pipe. */
async function counted({ count }: Ward): Promise<number> {
  for (let turn = 0; turn < 10; turn++) await sleep(10);
  return count();
}

async function standsStill(ward: Ward): Promise<boolean> {
  const before = await counted(ward);
  await sleep(200);
  return (await counted(ward)) === before;
}

/** Resolves when it does something. */
async function works(ward: Ward): Promise<void> {
  for (const before = await counted(ward); ward.count() === before;) await sleep(10);
}

/** Where this machine has the hierarchy whose cgroups have that file. */
function hierarchyOf(file: string): string | undefined {
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '));
  return mounts.find(([, , type, options = '']) =>
    file === 'cgroup.freeze' ? type === 'cgroup2' : type === 'cgroup' && options.includes('freezer'),
  )?.[1];
}

/** In a cgroup that the test makes for it. */
function ownCgroup(t: ExecutionContext, { root }: Ward, file: string): string {
  const directory = join(hierarchyOf(file) ?? '', `phaul-test-${randomUUID()}`);
  mkdirSync(directory);
  t.teardown(async () => {
    for (let i = 0; i < 100 && existsSync(directory); i++) {
      try {
        rmdirSync(directory);
      } catch {
        await sleep(20);
      }
    }
  });
  for (const pid of [root.pid, ...childrenOf(root)]) writeFileSync(join(directory, 'cgroup.procs'), `${pid}`);
  return directory;
}

const childrenOf = ({ pid }: ChildProcess): string[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);

function theFreezer(t: ExecutionContext, own: string | null): { held: Freezer; homes: string } {
  const home = mkdtempSync('/tmp/phaul-freezer-');
  t.teardown(() => rmSync(home, { recursive: true }));
  const homes = join(home, 'homes');
  const held = freezer(own, `phaul-test-${randomUUID()}`, homes);
  if (!held) throw new Error('this machine has no freezer');
  return { held, homes };
}

test('processes without a cgroup of their own stand still, and go on where they were', async (t) => {
  const it = await ward(t);
  const before = it.cgroups();
  const { held } = theFreezer(t, null);
  perform(held.open);
  await t.notThrowsAsync(works(it), 'before it was closed');
  await held.close(it.root.pid!);
  t.true(await standsStill(it));
  t.not(it.cgroups(), before);
  perform(held.open);
  await t.notThrowsAsync(works(it));
  t.is(it.cgroups(), before);
  perform(held.open);
  await t.notThrowsAsync(works(it), 'twice is once');
});

test('one that forks all the time goes on with all of its children where it was', async (t) => {
  const forks = `import os, signal, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
while True:
    if os.fork() == 0: time.sleep(0.5); os._exit(0)
    os.write(1, b".")
    time.sleep(0.0005)`;
  const it = await ward(t, forks);
  const before = it.cgroups();
  const { held } = theFreezer(t, null);
  it.root.kill('SIGSTOP');
  await held.close(it.root.pid!);
  it.root.kill('SIGCONT');
  t.notThrows(() => perform(held.open));
  t.is(it.cgroups(), before);
  t.false(existsSync(held.open.args[3] ?? ''), 'nobody is left behind');
});

test('who has got in and is about to end keeps nobody held', async (t) => {
  const it = await ward(t);
  const { held } = theFreezer(t, null);
  await held.close(it.root.pid!);
  const guest = spawn('sh', ['-c', 'echo $$ >"$1/cgroup.procs"; sleep 0.3', 'sh', held.open.args[3] ?? '']);
  await once(guest, 'spawn');
  while (readFileSync(`/proc/${guest.pid}/cgroup`, 'utf8') !== it.cgroups()) await sleep(10);
  t.notThrows(() => perform(held.open));
  t.false(existsSync(held.open.args[3] ?? ''));
});

test('held so they are killed, parent and child, and nothing is left', async (t) => {
  const it = await ward(t);
  const { held } = theFreezer(t, null);
  await held.close(it.root.pid!);
  const directory = held.kill.args[3] ?? '';
  t.true(existsSync(directory));
  const ended = once(it.root, 'exit');
  perform(held.kill);
  t.deepEqual(await ended, [null, 'SIGKILL']);
  t.false(existsSync(directory));
  t.notThrows(() => perform(held.kill), 'twice is once');
});

/** Which of the two a machine has, or both, is its own affair; one it must have. */
const present = ['cgroup.freeze', 'freezer.state'].filter((file) => hierarchyOf(file) !== undefined);
test('there is a freezer', (t) => t.true(present.length > 0));
for (const file of present)
  test(`a container in a cgroup of its own is held by ${file}, let go, and killed`, async (t) => {
    const it = await ward(t);
    const own = ownCgroup(t, it, file);
    const before = it.cgroups();
    const { held, homes } = theFreezer(t, own);
    await held.close(it.root.pid!);
    t.true(await standsStill(it));
    t.is(it.cgroups(), before);
    t.false(existsSync(homes));
    perform(held.open);
    await t.notThrowsAsync(works(it));
    await held.close(it.root.pid!);
    const ended = once(it.root, 'exit');
    perform(held.kill);
    t.deepEqual(await ended, [null, 'SIGKILL']);
    t.true(existsSync(own), 'it is not ours to remove');
  });
