import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { type Step, steps, stage } from './stage.ts';

test('a migration goes from hello to finish, and only the container stays', async (t) => {
  const s = stage(t);
  await s.upTo('checkpoint');
  t.like(await s.call.commit({ devices: [] }), { outcome: 'landed', pid: s.restored.pid ?? 0 });
  t.is(await s.state(), 'landed');
  t.is(readFileSync(s.pidFile, 'utf8'), `${String(s.restored.pid)}\n`);
  await s.call.finish({});
  await s.session.left();
  t.false(existsSync(`/run/phaul/${s.migration}-target`));
  t.is(await s.state(), null);
  t.true(existsSync(s.pidFile));
  t.deepEqual(s.criu.requests().at(-1), { type: 'NOTIFY', notify_success: true });
});

test('a checkpoint whose pages have not come waits for them, until the migration is undone', async (t) => {
  const s = stage(t);
  await s.upTo('arm');
  const waiting = s.call.checkpoint({ iteration: 2, last: true });
  t.is(await Promise.race([waiting, sleep(100, 'waits')]), 'waits');
  await s.call.abort({});
  await t.throwsAsync(waiting, { code: 'LINK_LOST' });
  t.true(s.leavesNothing());
});

test('until the commit no task is let go', async (t) => {
  const s = stage(t);
  await s.upTo('checkpoint');
  await new Promise((resolve) => setTimeout(resolve, 100));
  t.is(s.criu.requests().at(-1)?.['type'], 'RESTORE', 'CRIU has no answer yet');
});

const undoable = steps.slice(0, steps.indexOf('commit'));
for (const last of undoable) {
  test(`a source that asks for an abort after ${last} leaves nothing`, async (t) => {
    const s = stage(t);
    await s.upTo(last);
    const undone = { outcome: 'undone', error: null, failures: [] } as const;
    t.deepEqual(await s.call.abort({}), undone);
    t.true(s.leavesNothing());
    t.deepEqual(await s.call.abort({}), undone, 'and again');
    await s.call.finish({});
    t.is(await s.state(), null);
  });

  test(`a source that is gone after ${last} leaves nothing`, async (t) => {
    const s = stage(t);
    await s.upTo(last);
    await s.session.left();
    if (last === 'checkpoint') return t.is(await s.state(), 'ready', 'but it may have decided');
    t.true(s.leavesNothing());
    t.is(await s.state(), null);
  });

  test(`after an abort following ${last} nothing can be begun`, async (t) => {
    const s = stage(t);
    await s.upTo(last);
    await s.call.abort({});
    const next = steps[steps.indexOf(last) + 1];
    if (next) await t.throwsAsync(async () => s.only(next));
    t.true(s.leavesNothing());
  });
}

test('a source that is gone after the commit leaves the container', async (t) => {
  const s = stage(t);
  await s.upTo('commit');
  await s.session.left();
  t.true(existsSync(s.pidFile));
  t.false(existsSync(`/run/phaul/${s.migration}-target`));
  t.is(await s.state(), 'landed', 'until the source knows');
  t.is(s.restored.exitCode, null);
});

test('an abort after the commit takes nothing back', async (t) => {
  const s = stage(t);
  await s.upTo('commit');
  await s.call.abort({});
  t.true(existsSync(s.pidFile));
  t.is(s.restored.signalCode, null);
});

test('a CRIU that fails so late leaves nothing, and the source hears of it', async (t) => {
  const s = stage(t, { RESTORE: { notify: [{ script: 'post-restore' }], reply: { success: false } } });
  await s.upTo('checkpoint');
  t.like(await s.call.commit({ devices: [] }), { outcome: 'undone', error: { code: 'CRIU_RESTORE' } });
  t.is(await s.state(), 'undone');
  await s.session.left();
  t.true(s.leavesNothing());
});

test('a CRIU that dies in the restore fails it', async (t) => {
  const s = stage(t, { RESTORE: { dies: true } });
  await s.upTo('arm');
  await t.throwsAsync(s.call.checkpoint({ iteration: 1, last: true }), { code: 'CRIU_DIED' });
  await s.session.left();
  t.true(s.leavesNothing());
});

test('a CRIU that hangs in the restore keeps nobody from undoing it', async (t) => {
  const s = stage(t, { RESTORE: { hangs: true } });
  await s.upTo('arm');
  const waiting = s.call.checkpoint({ iteration: 1, last: true });
  waiting.catch(() => undefined);
  while (s.criu.requests().at(-1)?.['type'] !== 'RESTORE') await sleep(10);
  t.is(await Promise.race([waiting, sleep(200, 'waits')]), 'waits');
  t.like(await s.call.abort({}), { outcome: 'undone', failures: [] });
  await t.throwsAsync(waiting, { code: 'CRIU_DIED' });
  t.true(s.leavesNothing());
});

test('an abort in the middle of the images ends the wait for them', async (t) => {
  const s = stage(t);
  await s.upTo('prepare');
  await s.call.arm({});
  s.images()?.write(Buffer.from([0, 5]));
  const waiting = s.call.checkpoint({ iteration: 1, last: true });
  await s.call.abort({});
  await t.throwsAsync(waiting);
  t.true(s.leavesNothing());
});

const outOfOrder = test.macro<[Step | null, Step]>({
  exec: async (t, after, call) => {
    const s = stage(t);
    if (after) await s.upTo(after);
    await t.throwsAsync(async () => s.only(call), { code: 'PROTOCOL_ERROR' });
    await s.call.abort({});
    t.true(s.leavesNothing());
  },
  title: (_, after, call) => `${call} is refused ${after === null ? 'before anything' : `after ${after}`}`,
});
test(outOfOrder, null, 'check');
test(outOfOrder, null, 'begin');
test(outOfOrder, 'hello', 'hello');
test(outOfOrder, 'hello', 'begin');
test(outOfOrder, 'check', 'prepare');
test(outOfOrder, 'begin', 'begin');
test(outOfOrder, 'begin', 'check');
test(outOfOrder, 'prepare', 'commit');
test(outOfOrder, 'arm', 'commit');
test(outOfOrder, 'checkpoint', 'checkpoint');
test(outOfOrder, 'checkpoint', 'finish');

test('a second commit gets the same answer, a second finish is refused', async (t) => {
  const s = stage(t);
  await s.upTo('checkpoint');
  const first = await s.call.commit({ devices: [] });
  t.deepEqual(await s.call.commit({ devices: [] }), first);
  await s.call.finish({});
  await t.throwsAsync(s.call.finish({}), { code: 'PROTOCOL_ERROR' });
  t.true(existsSync(s.pidFile));
});

test('a checkpoint that is not the last is refused by this release', async (t) => {
  const s = stage(t);
  await s.upTo('arm');
  await t.throwsAsync(s.call.checkpoint({ iteration: 1, last: false }), { code: 'PROTOCOL_ERROR' });
});

test('another protocol is refused with both releases named', async (t) => {
  const s = stage(t);
  const hello = { protocol: 99, phaul: '9.9', migration: s.migration };
  await t.throwsAsync(async () => s.call.hello(hello), { code: 'PROTOCOL_VERSION', message: /9\.9.*99/ });
});

const tree = { source: '/nonexistent/x', target: '/nonexistent/x', without: [] };

test('preflight collects every refusal, and changes nothing', async (t) => {
  const s = stage(t, { VERSION: { reply: { version: { major_number: 3, minor_number: 17 } } } });
  await s.upTo('hello');
  const fs = [{ driver: 'shared', trees: [tree] }];
  const { refusals } = await s.call.check(s.check({ fs, memory: 2 ** 50, imagePath: '/nonexistent' }));
  const codes = refusals.map(({ code }) => code).sort();
  t.deepEqual(codes, ['CRIU_TOO_OLD', 'NO_SPACE', 'PATH_MISSING', 'PATH_MISSING']);
  t.true(refusals.every(({ host }) => host === 'target'));
  t.true(s.leavesNothing());
});

test('a target without CRIU, or with drivers missing, says so', async (t) => {
  const s = stage(t, {}, '/nonexistent/criu');
  await s.upTo('hello');
  const { refusals, criu } = await s.call.check(s.check());
  t.deepEqual([refusals[0]?.code, criu], ['CRIU_MISSING', null]);
  await t.throwsAsync(s.call.check(s.check({ fs: [{ driver: 'tape', trees: [tree] }] })), {
    code: 'DRIVER_UNKNOWN',
  });
});

test('live mode is not made ready as revive mode is', async (t) => {
  const s = stage(t);
  await s.upTo('prepare');
  await t.throwsAsync(s.call.ready({}), { code: 'PROTOCOL_ERROR' });
  await t.throwsAsync(async () => s.call.survey({ candidates: [] }), { code: 'PROTOCOL_ERROR' });
});
