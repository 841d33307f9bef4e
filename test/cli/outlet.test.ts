import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { outlet } from '../../src/cli/outlet.ts';

/** Both ends of a pipe. */
function pipe(t: ExecutionContext, flags = 0): { reader: number; writer: number } {
  const directory = mkdtempSync(join(tmpdir(), 'phaul-outlet-'));
  const path = join(directory, 'pipe');
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY | flags);
  rmSync(directory, { recursive: true });
  t.teardown(() => closeSync(writer));
  return { reader, writer };
}

/** What is in the pipe now. */
function taken(reader: number): string {
  const block = Buffer.alloc(1 << 20);
  try {
    return block.toString('utf8', 0, readSync(reader, block));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return '';
    throw error;
  }
}

const lines = Array.from({ length: 50_000 }, (_, number) => `line ${number}\n`);

for (const [name, flags] of [
  ['a pipe', 0],
  ['a pipe that does not block', constants.O_NONBLOCK],
] as const)
  test(`nobody waits for the reader of ${name}, who gets everything in its order`, async (t) => {
    const { reader, writer } = pipe(t, flags);
    const { write, busy } = outlet(writer);
    for (const line of lines) write(line);
    for (let turns = 0; turns < 100; turns++) await turn();
    t.true(busy(), 'the pipe is full, and this goes on');
    let text = '';
    while (busy()) {
      text += taken(reader);
      await turn();
    }
    t.is(text + taken(reader), lines.join(''));
    closeSync(reader);
  });

test('when the reader has gone, what is written is dropped', async (t) => {
  const { reader, writer } = pipe(t);
  closeSync(reader);
  const { write, busy } = outlet(writer);
  write('one\n');
  while (busy()) await turn();
  write('two\n');
  t.false(busy());
});
