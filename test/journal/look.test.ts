import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { whatBecameOf } from '../../src/journal/look.ts';
import type { Story } from '../../src/journal/story.ts';
import { processStart } from '../../src/linux/processes.ts';
import { about, home } from './journals.ts';

// linux/userfaultfd.h, on x86-64 and arm64: UFFDIO_API, then UFFDIO_REGISTER of one page for missing pages.
const watched = `
import ctypes, mmap, platform, struct, fcntl, time
number = 323 if platform.machine() == 'x86_64' else 282
fd = ctypes.CDLL(None).syscall(number, 0)
fcntl.ioctl(fd, 0xc018aa3f, struct.pack('QQQ', 0xaa, 0, 0))
memory = mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
fcntl.ioctl(fd, 0xc020aa00, struct.pack('QQQQ', address, 4096, 1, 0))`;
const idle = `
import time`;

/** A container that has been let run, as the journal has it. */
async function landed(t: ExecutionContext, program: string): Promise<{ story: Story; end: () => void }> {
  const root = spawn('python3', ['-c', `${program}\nprint(1, flush=True)\ntime.sleep(1000)`]);
  t.teardown(() => root.kill('SIGKILL'));
  await once(root.stdout, 'data');
  const pid = root.pid ?? 0;
  const tree = { pid, start: (await processStart(pid)) ?? '', criu: null };
  const story = { ...about('x', 'target'), state: 'landed', boot: 'this', tree } as unknown as Story;
  return { story, end: () => void root.kill('SIGKILL') };
}

/** From now on it is so much later. */
function later(t: ExecutionContext, ms: number): void {
  const now = performance.now.bind(performance);
  t.teardown(() => (performance.now = now));
  performance.now = () => now() + ms;
}

test.serial(
  'as long as somebody puts memory in place a container has not landed, however long it takes',
  async (t) => {
    const { story, end } = await landed(t, watched);
    const became = whatBecameOf(story, 'this', () => false);
    await sleep(100);
    later(t, 600_000);
    t.is(await Promise.race([became, sleep(500, 'waits')]), 'waits');
    end();
    t.is(await became, 'lost');
  },
);

test.serial('one whose memory nobody watches any more has landed, though nobody has said so', async (t) => {
  const { story } = await landed(t, idle);
  const became = whatBecameOf(story, 'this', () => false);
  await sleep(100);
  later(t, 60_000);
  t.is(await became, 'landed');
});

test.serial('a process that has the pid of a CRIU which has ended is left alone', async (t) => {
  const { story } = await landed(t, idle);
  const log = join(home(t), 'restore.log');
  writeFileSync(log, 'Error (criu/cr-restore.c:2536): Restoring FAILED.\n');
  const other = story.tree?.pid ?? 0;
  const tree = { pid: 4194305, start: '1', criu: other, criuStart: '1', log };
  t.is(await whatBecameOf({ ...story, state: 'running', tree }, 'this', () => false), 'undone');
  await sleep(50);
  t.not(await processStart(other), null);
});
