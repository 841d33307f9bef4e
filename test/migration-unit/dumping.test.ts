import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { startSwrk } from '../../src/criu/swrk.ts';
import { PhaulError } from '../../src/errors.ts';
import { historyDirectory } from '../../src/history/places.ts';
import { processStart } from '../../src/linux/processes.ts';
import { dumping } from '../../src/migration/dumping.ts';
import { newMigration } from '../../src/migration/migration.ts';
import type { Happening } from '../../src/observe/events.ts';
import { type Answer, fakeCriu } from '../criu/fake-criu.ts';
import { handClock } from '../observe/hand-clock.ts';
import { migrateOptions } from './options.ts';

/** A migration that has asked its CRIU for a dump, and a clock that its watch goes by. */
async function asked(t: ExecutionContext, answers: Record<string, Answer>, type: 'DUMP' | 'PRE_DUMP') {
  const id = randomUUID();
  t.teardown(() => rmSync(historyDirectory(id, 'source'), { recursive: true, force: true }));
  const events: Happening[] = [];
  const never = new AbortController().signal;
  const m = newMigration(id, migrateOptions(), (what) => events.push(what), never);
  const criu = fakeCriu(t, answers);
  const swrk = await startSwrk({ criuPath: criu.path });
  t.teardown(swrk.kill);
  const log = `${criu.path}.dump.log`;
  writeFileSync(log, 'Dumping processes\n');
  const clock = handClock();
  const page = { full: false };
  const lives: boolean[] = [];
  let answerIt: (go: boolean) => void = () => undefined;
  const answer = dumping(
    m,
    {
      swrk,
      pages: { full: () => page.full },
      root: process.pid,
      request: { type },
      onNotify: () => new Promise<boolean>((resolve) => (answerIt = resolve)),
      log,
      name: 'dump',
      beforeKill: async () => void lives.push((await processStart(swrk.pid)) !== null),
    },
    clock,
  );
  let over = false;
  const settled = answer.then(
    () => null,
    (error: unknown) => error as PhaulError,
  );
  void settled.then(() => (over = true));
  while (!existsSync(`${criu.path}.log`)) await sleep(20);
  /** Whole seconds, in which it may be found to hang. */
  const pass = async (seconds: number, until = (): boolean => over): Promise<void> => {
    for (let second = 0; second < seconds && !until(); second++) {
      clock.advanceTo(clock.now() + 1000);
      await sleep(50);
    }
  };
  return { m, swrk, page, events, lives, settled, pass, go: () => answerIt(true), isOver: () => over };
}

for (const type of ['PRE_DUMP', 'DUMP'] as const)
  test(`a CRIU that hangs in a ${type} is killed, when all is ready for that`, async (t) => {
    const dump = await asked(t, { [type]: { hangs: true } }, type);
    await dump.pass(25);
    t.false(dump.isOver());
    await dump.pass(50);
    const error = await dump.settled;
    t.like(error, { code: 'CRIU_DUMP', details: { host: 'source' } });
    t.regex(error?.details.logFile ?? '', /dump\.log$/);
    t.deepEqual(dump.lives, [true]);
    t.is(dump.events.filter((event) => event.type === 'warning').length, 1);
    await dump.swrk.end();
  });

test('in an undo it is not waited for so long, though nobody hears its answer any more', async (t) => {
  const dump = await asked(t, { PRE_DUMP: { hangs: true } }, 'PRE_DUMP');
  dump.m.abort(new PhaulError('CANCELLED', 'Ended.'));
  const end = dump.swrk.end();
  let ended = false;
  void end.then(() => (ended = true));
  await sleep(50);
  t.false(ended);
  await dump.pass(25, () => ended);
  t.true(ended);
});

test('one that waits for an answer is not, nor while its pages wait for the link', async (t) => {
  const dump = await asked(t, { DUMP: { notify: [{ script: 'post-dump' }], hangs: true } }, 'DUMP');
  await dump.pass(60);
  t.false(dump.isOver());
  dump.page.full = true;
  dump.go();
  await dump.pass(60);
  t.false(dump.isOver());
  dump.page.full = false;
  await dump.pass(60);
  t.like(await dump.settled, { code: 'CRIU_DUMP' });
});
