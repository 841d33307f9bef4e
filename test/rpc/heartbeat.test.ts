import test from 'ava';
import { heartbeat } from '../../src/rpc/heartbeat.ts';
import { callerEnd, serverEnd, settle } from './ends.ts';

// Time as the heartbeat sees it, moved by hand.
const beats = new Set<() => void>();
globalThis.setInterval = ((beat: () => void) => {
  beats.add(beat);
  return { unref: () => undefined, beat };
}) as never;
globalThis.clearInterval = (({ beat }: { beat: () => void }) => beats.delete(beat)) as never;
let clock = 0;
performance.now = () => clock;
const pass = (seconds: number): void => {
  for (let i = 0; i < seconds; i++) {
    clock += 1000;
    for (const beat of beats) beat();
  }
};
const standStill = (seconds: number): void => {
  clock += (seconds - 1) * 1000;
  pass(1);
};
test.beforeEach(() => beats.clear());

test.serial('it says alive every second, and after 8 seconds without a word that it is silent', (t) => {
  const seen: string[] = [];
  heartbeat(
    () => seen.push('alive'),
    () => seen.push('silent'),
  );
  pass(8);
  t.deepEqual(seen, Array<string>(8).fill('alive'));
  pass(5);
  t.deepEqual(seen, [...Array<string>(9).fill('alive'), 'silent'], 'once only, and no more beats');
});

test.serial('every word heard counts', (t) => {
  let silent = false;
  const beat = heartbeat(
    () => undefined,
    () => (silent = true),
  );
  for (let i = 0; i < 10; i++) {
    pass(7);
    beat.heard();
  }
  t.false(silent);
  pass(9);
  t.true(silent);
});

test.serial('a host that itself stood still gives the other another 8 seconds', (t) => {
  let silent = false;
  const beat = heartbeat(
    () => undefined,
    () => (silent = true),
  );
  standStill(3600);
  t.false(silent);
  pass(8);
  t.false(silent);
  pass(1);
  t.true(silent);
  beat.stop();
});

test.serial('a stopped heart neither beats nor notices', (t) => {
  const beat = heartbeat(
    () => t.fail(),
    () => t.fail(),
  );
  beat.stop();
  pass(20);
  t.pass();
});

test.serial('a target that falls silent fails the calls under way', async (t) => {
  const end = callerEnd();
  const call = end.call('prepare', {});
  end.say({ notice: 'alive', params: {} });
  await settle();
  pass(9);
  await t.throwsAsync(call, { code: 'LINK_LOST', message: /silent/ });
});

test.serial('as long as the target is being reached, its silence means nothing', async (t) => {
  const end = callerEnd('Welcome\n');
  const call = end.call('hello', { protocol: 1, phaul: '0', migration: 'aaaaaaaa' });
  pass(25);
  const result = { protocol: 1, phaul: '0', host: 'b' };
  end.say('phaul-rpc\n', { id: 1, result });
  t.deepEqual(await call, result);
  end.close();
});

test.serial('a target that works on a call for long is alive as long as it says so', async (t) => {
  const end = callerEnd();
  const call = end.call('prepare', {});
  for (let i = 0; i < 60; i++) {
    end.say({ notice: 'alive', params: {} });
    await settle();
    pass(2);
  }
  end.say({ id: 1, result: {} });
  t.deepEqual(await call, {});
  end.close();
});

test.serial('a source that falls silent is gone', async (t) => {
  const end = serverEnd();
  pass(9);
  const reason = await end.closed;
  t.is(reason?.code, 'LINK_LOST');
});
