// Memory that follows a container which runs already. What moves here checks its own memory all the time.
import test, { type ExecutionContext } from 'ava';
import { Lab } from '../lab/lab.ts';
import { clearLazyWork, installLazyWork, job, rightAgain, slowFill, startLazyWork } from './lazy-stage.ts';
import { startPhaul } from './phaul.ts';

let lab: Lab;
test.before(async () => {
  lab = await Lab.up();
  installLazyWork(lab);
});
test.afterEach.always(() => clearLazyWork(lab));
test.after.always(() => Lab.down());

/** Moves such a process tree to b, where its memory must be right during the fill and after it. */
async function movesUnharmed(t: ExecutionContext, work: string, restore: 'lazy' | 'eager'): Promise<void> {
  const [a, b] = [lab.host('a'), lab.host('b')];
  const pid = await startLazyWork(a, work);
  const run = startPhaul(a, ['--pid-root', job, '--restore', restore, pid, 'b']);
  await run.event({ type: 'act-begin', act: 'freeze' });
  const slow = restore === 'lazy' ? slowFill(b) : null;
  const { exitCode, text, summary } = await run.ended;
  t.is(exitCode, 0, text);
  await rightAgain(b, 2);
  t.is(await a.sh('pgrep -f ^lazy-work || true'), '');
  t.is(await b.sh('ls /run/phaul'), '');
  t.is(summary?.fill === null, slow === null);
  if (!slow) return;
  t.true((summary?.fill?.pages ?? 0) > 0, 'some of it followed');
  t.true(Number(await slow) > 0, 'slowly');
}

for (const [work, title] of [
  ['threads', 'threads that write and read'],
  ['forks', 'parents that fork, and their children and grandchildren'],
  ['mappings', 'a process that moves, cuts, empties and replaces its mappings and its heap'],
  ['locked', 'a process that locks and unlocks memory'],
  ['shared', 'processes with shared memory'],
  ['files', 'a process with mapped files'],
  ['many', 'fifty processes'],
  ['still', 'a process that hardly touches its memory'],
] as const)
  test.serial(`${title}: memory that follows is right from the first moment`, (t) =>
    movesUnharmed(t, work, 'lazy'),
  );

for (const work of ['mappings', 'shared'])
  test.serial(`memory that is all there before the start is right, too: ${work}`, (t) =>
    movesUnharmed(t, work, 'eager'),
  );
