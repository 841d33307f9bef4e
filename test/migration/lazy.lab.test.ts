// Memory that follows a container which runs already. What moves here checks its own memory all the time.
import test, { type ExecutionContext } from 'ava';
import { ct101, removeContainer } from '../lab/container.ts';
import { Lab } from '../lab/lab.ts';
import { changedCt101 } from './containers.ts';
import {
  clearLazyWork,
  installLazyWork,
  job,
  lazyWork,
  rightAgain,
  slowFill,
  startLazyWork,
} from './lazy-stage.ts';
import { startPhaul } from './phaul.ts';

let lab: Lab;
test.before(async () => {
  lab = await Lab.up();
  installLazyWork(lab);
});
test.afterEach.always(() => clearLazyWork(lab));
test.after.always(() => Lab.down());

/** Moves it to b, where its memory must be right during the fill and after it. */
async function movesUnharmed(
  t: ExecutionContext,
  args: readonly string[],
  restore: 'lazy' | 'eager',
  directory = job,
): Promise<void> {
  const [a, b] = [lab.host('a'), lab.host('b')];
  const run = startPhaul(a, ['--restore', restore, ...args, 'b']);
  await run.event({ type: 'act-begin', act: 'prepare' });
  const slow = restore === 'lazy' ? slowFill(b) : null;
  const { exitCode, text, summary } = await run.ended;
  t.is(exitCode, 0, text);
  await rightAgain(b, 2, directory);
  t.is(await a.sh(`${lazyWork} || true`), '');
  t.is(await b.sh('ls /run/phaul'), '');
  t.is(summary?.fill === null, slow === null);
  await slow;
  if (slow) t.true((summary?.fill?.pages ?? 0) > 0, 'some of it followed');
}

async function treeMovesUnharmed(
  t: ExecutionContext,
  work: string,
  restore: 'lazy' | 'eager',
): Promise<void> {
  const pid = await startLazyWork(lab.host('a'), work);
  await movesUnharmed(t, ['--pid-root', job, pid], restore);
}

for (const [work, title] of [
  ['threads', 'threads that write and read'],
  ['forks', 'parents that fork, and their children and grandchildren'],
  ['brood', 'a process that has a child every few milliseconds'],
  ['mappings', 'a process that moves, cuts, empties and replaces its mappings and its heap'],
  ['locked', 'a process that locks and unlocks memory'],
  ['shared', 'processes with shared memory'],
  ['files', 'a process with mapped files'],
  ['many', 'fifty processes'],
] as const)
  test.serial(`${title}: memory that follows is right from the first moment`, (t) =>
    treeMovesUnharmed(t, work, 'lazy'),
  );

for (const work of ['mappings', 'shared'])
  test.serial(`memory that is all there before the start is right, too: ${work}`, (t) =>
    treeMovesUnharmed(t, work, 'eager'),
  );

test.serial('a container of runc: memory that follows is right from the first moment', async (t) => {
  const [a, b] = [lab.host('a'), lab.host('b')];
  const program = { destination: '/lazy-work', type: 'bind', source: '/usr/local/bin/lazy-work' };
  try {
    await changedCt101(a, ['/lazy-work', 'forks', '/data'], ({ mounts }) =>
      mounts.push({ ...program, options: ['bind', 'ro'] }),
    );
    await rightAgain(a, 1, '/srv/ct101-data');
    await movesUnharmed(t, [ct101.id], 'lazy', '/srv/ct101-data');
  } finally {
    for (const host of [a, b]) await removeContainer(host, ct101.id);
  }
});
