// What becomes of a container whose memory is still to follow when phaul or the connection dies.
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { Lab } from '../lab/lab.ts';
import { type Footprint, footprintAtRest, isAsBefore } from './footprint.ts';
import {
  clearLazyWork,
  installLazyWork,
  job,
  lazyWork,
  rightAgain,
  startLazyWork,
  stopFill,
} from './lazy-stage.ts';
import { phaul, type PhaulRun, startPhaul } from './phaul.ts';

let lab: Lab;
let empty: readonly Footprint[];
const both = () => [lab.host('a'), lab.host('b')] as const;
test.before(async () => {
  lab = await Lab.up();
  installLazyWork(lab);
  // What the first use of the tools makes.
  await phaul(lab.host('a'), ['--dry-run', '1', 'b']);
  empty = await Promise.all(both().map(footprintAtRest));
});
test.afterEach.always(() => clearLazyWork(lab));
test.after.always(() => Lab.down());

/** Begins to move such a tree, and stops the service on b when it runs there and lacks some of its memory. */
async function inTheFill(
  t: ExecutionContext,
  work: string,
): Promise<{ run: PhaulRun; service: string; pid: string }> {
  const [a, b] = both();
  const pid = await startLazyWork(a, work);
  const run = startPhaul(a, ['--pid-root', job, '--restore', 'lazy', pid, 'b']);
  await run.event({ type: 'act-begin', act: 'prepare' });
  const service = await stopFill(b, () => run.event({ type: 'running' }));
  // Each of its threads stops when it is on a processor again.
  const stopped = `until [ "$(ps -o stat= -p ${service} | cut -c1)" = T ]; do sleep 0.01; done`;
  await b.sh(stopped, { timeoutMs: 60_000 });
  t.not(await b.sh(`${lazyWork} || true`), '', 'it runs');
  return { run, service, pid };
}

/** That nothing is left but what these tests themselves put there. */
async function nothingIsLeft(t: ExecutionContext): Promise<void> {
  await clearLazyWork(lab);
  for (const [index, host] of both().entries()) await isAsBefore(t, host, empty[index]!);
}

for (const [work, title] of [
  ['threads', 'a process'],
  ['brood', 'a process and the children that it has had since'],
] as const)
  test.serial(
    `the service is killed: somebody goes on for it, and ${title} sees no wrong byte`,
    async (t) => {
      const [, b] = both();
      const { run, service } = await inTheFill(t, work);
      await sleep(300);
      await b.sh(`kill -KILL ${service}`);
      const { exitCode, text, summary } = await run.ended;
      t.is(exitCode, 0, text);
      t.true((summary?.fill?.pages ?? 0) > 0);
      await rightAgain(b, 2);
      await nothingIsLeft(t);
    },
  );

for (const [title, breakIt, mend] of [
  ['ssh is killed', () => lab.host('a').sh('pkill -KILL -x ssh'), () => Promise.resolve()],
  ['the cable is pulled', () => lab.cut('b'), () => lab.join('b')],
] as const)
  test.serial(`${title}: the container gets the rest of its memory, and nothing is left`, async (t) => {
    const [, b] = both();
    const { run, service } = await inTheFill(t, 'threads');
    await breakIt();
    try {
      await b.sh(`kill -CONT ${service}`);
      await sleep(12_000);
    } finally {
      await mend();
    }
    const { exitCode, text, summary } = await run.ended;
    t.is(exitCode, 0, text);
    t.true((summary?.fill?.pages ?? 0) > 0, 'the source hears of it over another connection');
    await rightAgain(b, 2);
    while ((await b.sh('ls /run/phaul')) !== '') await sleep(50);
    await rightAgain(b, 2);
    await nothingIsLeft(t);
  });

test.serial(
  'a container that lacks some of its memory is not moved on, and is as soon as it has all',
  async (t) => {
    const [, b] = both();
    const { run, service, pid } = await inTheFill(t, 'threads');
    const early = await phaul(b, ['--pid-root', job, pid], 'check');
    t.is(early.error?.code, 'FILL_RUNNING');
    await b.sh(`kill -CONT ${service}`);
    t.is((await run.ended).exitCode, 0);
    const later = await phaul(b, ['--pid-root', job, pid], 'check');
    t.is(later.error, undefined);
    await nothingIsLeft(t);
  },
);
