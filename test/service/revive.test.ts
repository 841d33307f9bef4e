import test from 'ava';
import { dock, type Dock, type Step, steps } from './dock.ts';

const lives = (s: Dock): boolean => {
  const child = s.process();
  return child !== undefined && child.exitCode === null && child.signalCode === null;
};

test('revive mode goes from hello to finish without CRIU, and the container runs', async (t) => {
  const s = dock(t);
  await s.upTo('ready');
  t.deepEqual(s.did, ['swap prepare', 'lamp begin', 'prepare revive', 'replaced']);
  const { pid, watchedMs, startByHand } = await s.land();
  t.is(pid, s.process()?.pid ?? 0);
  t.true(watchedMs > 0);
  t.is(startByHand, null);
  t.deepEqual(s.did.slice(4), ['lamp activate', 'start'], 'its network is there when it starts');
  await s.call.finish({});
  t.deepEqual(s.did.slice(6), ['started', 'swap finish']);
  t.true(s.leavesNothing());
  t.true(lives(s));
});

test('one that is to be left stopped is complete, is not started, and says how it is', async (t) => {
  const s = dock(t, 'runs', { start: false });
  await s.upTo('ready');
  const { pid, startByHand } = await s.land();
  t.is(pid, null);
  t.regex(startByHand ?? '', /^start ship-\d+-\d+$/);
  await s.call.finish({});
  t.deepEqual(s.did.slice(4), ['lamp activate', 'started', 'swap finish']);
});

for (const fate of ['ends', 'fails'] as const)
  test(`a container that ${fate} when it is started is undone before the source hears of it`, async (t) => {
    const s = dock(t, fate);
    await s.upTo('ready');
    t.like(await s.call.commit({ devices: [] }), { outcome: 'undone', error: { code: 'START_FAILED' } });
    t.deepEqual(s.did.slice(4), ['lamp activate', 'start', 'abort', 'lamp abort']);
    await s.session.left();
    t.true(s.did.includes('swap abort'), 'and its files go');
    t.true(s.leavesNothing());
  });

const undoable = steps.slice(0, steps.indexOf('commit'));
for (const last of undoable) {
  test(`revive mode: an abort after ${last} leaves nothing`, async (t) => {
    const s = dock(t);
    await s.upTo(last);
    t.deepEqual(await s.call.abort({}), { outcome: 'undone', error: null, failures: [] });
    t.true(s.leavesNothing());
    t.is(s.did.includes('abort'), s.did.includes('prepare revive'));
    t.is(s.did.includes('lamp abort'), s.did.includes('lamp begin'));
    t.is(s.did.includes('swap abort'), s.did.includes('swap prepare'));
    const next = steps[steps.indexOf(last) + 1];
    if (next) await t.throwsAsync(async () => s.only(next), undefined, 'and nothing can be begun');
    t.false(s.did.includes('start'));
  });

  test(`revive mode: a source that is gone after ${last} leaves nothing`, async (t) => {
    const s = dock(t);
    await s.upTo(last);
    await s.session.left();
    t.false(s.did.includes('start'));
    if (last === 'ready') return t.is(await s.state(), 'ready', 'but it may have decided');
    t.true(s.leavesNothing());
    t.is(s.did.includes('abort'), s.did.includes('prepare revive'));
    t.is(await s.state(), null);
  });
}

test('a source that is gone while the container is watched leaves it running', async (t) => {
  const s = dock(t);
  await s.upTo('ready');
  const committing = s.call.commit({ devices: [] });
  await s.session.left();
  t.true(lives(s));
  t.like(await committing, { outcome: 'landed' });
  t.is(await s.state(), 'landed', 'until the source knows');
  t.true(s.leavesNothing());
  t.false(s.did.includes('abort'));
});

test('an abort while the container is watched takes nothing back', async (t) => {
  const s = dock(t);
  await s.upTo('ready');
  const committing = s.call.commit({ devices: [] });
  await s.call.abort({});
  await committing;
  t.true(lives(s));
  t.false(s.did.includes('abort'));
});

test('a source that is gone while the start fails leaves nothing', async (t) => {
  const s = dock(t, 'ends');
  await s.upTo('ready');
  const committing = s.call.commit({ devices: [] });
  await s.session.left();
  t.like(await committing, { outcome: 'undone', error: { code: 'START_FAILED' } });
  t.true(s.did.includes('abort'));
  t.true(s.leavesNothing());
  t.is(await s.state(), 'undone', 'until the source knows');
});

const outOfOrder = test.macro<[Step, Step]>({
  exec: async (t, after, call) => {
    const s = dock(t);
    await s.upTo(after);
    await t.throwsAsync(async () => s.only(call), { code: 'PROTOCOL_ERROR' });
    await s.call.abort({});
    t.true(s.leavesNothing());
  },
  title: (_, after, call) => `revive mode: ${call} is refused after ${after}`,
});
test(outOfOrder, 'begin', 'ready');
test(outOfOrder, 'prepare', 'commit');
test(outOfOrder, 'ready', 'ready');
test(outOfOrder, 'ready', 'finish');

test("live mode's calls are refused in revive mode", async (t) => {
  const s = dock(t);
  await s.upTo('begin');
  await t.throwsAsync(s.call.attach({ direct: false }), { code: 'PROTOCOL_ERROR' });
  await s.only('prepare');
  await t.throwsAsync(s.call.arm({}), { code: 'PROTOCOL_ERROR' });
  await t.throwsAsync(s.call.checkpoint({ iteration: 1, last: true }), { code: 'PROTOCOL_ERROR' });
  await t.notThrowsAsync(s.only('ready'), 'and do no harm');
});

test('a survey asks each driver about its tree, and changes nothing', async (t) => {
  const s = dock(t);
  await s.upTo('hello');
  const tree = { source: '/nonexistent/x', target: '/nonexistent/x', without: [] };
  const { reasons } = await s.call.survey({
    candidates: [
      { driver: 'swap', tree, seen: null },
      { driver: 'shared', tree, seen: '.phaul-00000000-0000-0000-0000-000000000000' },
    ],
  });
  t.deepEqual(reasons, [null, null]);
  await t.throwsAsync(async () => s.call.survey({ candidates: [{ driver: 'tape', tree, seen: null }] }), {
    code: 'DRIVER_UNKNOWN',
  });
  t.true(s.leavesNothing());
});
