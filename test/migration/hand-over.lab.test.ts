// The connection breaks, or a side dies, around the commit: never two, never none, and whoever lives ends it without a human, if the two can talk.
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { Lab } from '../lab/lab.ts';
import { isRunning } from '../lab/migrate.ts';
import { redis } from '../lab/redis.ts';
import { startTraffic, type Traffic } from '../lab/traffic.ts';
import { setStage } from '../faults/stage.ts';
import { arm, disarm, goOn, struck } from '../faults/strike.ts';
import { phaul, type PhaulRun, startPhaul } from './phaul.ts';
import { clearRemains, freshRedis } from './stage.ts';

let lab: Lab;
let traffic: Traffic;
test.before(async () => {
  lab = await Lab.up();
  await setStage(lab);
});
test.beforeEach(async () => {
  await clearRemains(lab);
  await freshRedis(lab);
  traffic = await startTraffic(lab.host('c'));
});
test.after.always(() => Lab.down());

const both = (): Promise<boolean[]> =>
  Promise.all((['a', 'b'] as const).map((name) => isRunning(lab.host(name), 'ct101')));

interface Status {
  readonly state: string;
  readonly where: string;
  readonly todo: string;
  readonly migration: string;
}

async function status(name: 'a' | 'b'): Promise<Status[]> {
  const { migrations } = JSON.parse(await lab.host(name).sh('phaul status --json')) as {
    migrations: Status[];
  };
  return migrations;
}

/** Waits until nobody has anything left to do, and fails unless it runs on exactly one host, with all that was acknowledged. */
async function settled(t: ExecutionContext): Promise<'a' | 'b'> {
  const deadline = Date.now() + 90_000;
  while (Date.now() < deadline) {
    const states = [await status('a'), await status('b')].flat();
    if (states.length === 0) break;
    await sleep(500);
  }
  t.deepEqual([await status('a'), await status('b')], [[], []]);
  const [onA, onB] = await both();
  t.true(onA !== onB, `on a: ${onA}, on b: ${onB}`);
  t.is(await redis(lab.host('c'), 'PING'), 'PONG');
  t.like(await traffic.stop(), { errors: [], lost: 0, doubled: 0 });
  for (const name of ['a', 'b'] as const)
    t.is(await lab.host(name).sh('ls /run/phaul; ls /var/lib/phaul'), '', name);
  return onA ? 'a' : 'b';
}

/** Starts phaul and takes the cable out before the word leaves the source. */
async function cutAtCommit(...args: string[]): Promise<PhaulRun> {
  const a = lab.host('a');
  await disarm(a);
  await arm(a, { host: 'source', by: 'migrate', name: 'asks commit' }, { act: 'ask' });
  const run = startPhaul(a, [...args, 'ct101', 'b']);
  if (!(await struck(a, run.ended))) throw new Error('phaul ended before the commit');
  await lab.cut('b');
  await goOn(a);
  return run;
}

for (const mode of ['live', 'revive'])
  test.serial(
    `${mode}: the cable is out at the commit until phaul has noticed, and the migration ends well`,
    async (t) => {
      if (mode === 'revive') await traffic.stop();
      const run = await cutAtCommit('--mode', mode);
      await run.event({ type: 'warning', text: /moment of the hand-over/ });
      await lab.join('b');
      const end = await run.ended;
      t.is(end.exitCode, 0, end.text);
      if (mode === 'revive') traffic = await startTraffic(lab.host('c'));
      t.is(await settled(t), 'b');
    },
  );

/** The cable is out at the commit and stays so until phaul has given up. Gives the migration's id. */
async function inDoubt(t: ExecutionContext): Promise<string> {
  t.teardown(() => lab.join('b'));
  const run = await cutAtCommit('--timeout', '5');
  const { exitCode, error, text, events } = await run.ended;
  t.deepEqual([exitCode, error?.code, error?.sourceState], [5, 'IN_DOUBT', 'frozen'], text);
  t.false(await isRunning(lab.host('a'), 'ct101'), 'it stands still');
  return events[0]?.migration ?? '';
}

test.serial(
  'for longer than --timeout: in doubt, held, said so, and ended when the cable is back',
  async (t) => {
    await inDoubt(t);
    const [story] = await status('a');
    t.is(story?.state, 'handed');
    t.regex(story?.where ?? '', /ct101 has been handed over to b.*held frozen here/);
    t.regex(story?.todo ?? '', /--target-is-dead lets ct101 go on here.*--source-is-dead removes it here/);
    const again = await phaul(lab.host('a'), ['ct101', 'b']);
    t.is(again.error?.code, 'IN_DOUBT', 'and nobody moves it meanwhile');
    await lab.join('b');
    await settled(t);
  },
);

test.serial('an operator who knows that the target is dead lets it go on', async (t) => {
  const id = await inDoubt(t);
  const asked = await lab.host('a').run(['phaul', 'recover', id, '--target-is-dead'], { check: false });
  t.is(asked.exitCode, 2, 'nobody is there to confirm it');
  t.regex(asked.stderr, /there are two of it/);
  // The word never came there.
  t.is((await status('b'))[0]?.state, 'ready');
  await lab.host('b').sh(`phaul recover ${id} --target-is-dead --yes`);
  await lab.host('a').sh(`phaul recover ${id} --target-is-dead --yes`);
  t.true(await isRunning(lab.host('a'), 'ct101'));
  await lab.join('b');
  t.is(await settled(t), 'a');
});

test.serial('phaul is killed while the word is on its way: the guard asks the target', async (t) => {
  const run = startPhaul(lab.host('a'), ['ct101', 'b']);
  await run.event({ type: 'act-begin', act: 'commit' });
  run.kill('SIGKILL');
  await run.ended;
  await settled(t);
});

test.serial('the service is killed at the commit', async (t) => {
  const run = startPhaul(lab.host('a'), ['--restore', 'eager', 'ct101', 'b']);
  await run.event({ type: 'act-begin', act: 'commit' });
  // Or it has just ended.
  await lab.host('b').sh("pkill -KILL -f '^node .*phaul.* service' || true");
  const { exitCode, error, text } = await run.ended;
  const runs = await settled(t);
  t.is(runs === 'b', exitCode === 0, `${error?.code} ${text}`);
});
