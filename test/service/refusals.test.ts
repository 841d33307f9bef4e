import test from 'ava';
import { protocolVersion } from '../../src/rpc/methods.ts';
import { serverEnd, settle } from '../rpc/ends.ts';
import { dock } from './dock.ts';
import { stage } from './stage.ts';

const refusal = { code: 'PROTOCOL_ERROR' } as const;

test('a second "last checkpoint" is refused, and the first stands', async (t) => {
  const s = stage(t);
  await s.upTo('checkpoint');
  await t.throwsAsync(s.call.checkpoint({ iteration: 1, last: true }), refusal);
  await t.throwsAsync(s.call.checkpoint({ iteration: 2, last: true }), refusal);
  t.like(await s.call.commit({ devices: [] }), { outcome: 'landed', pid: s.restored.pid ?? 0 });
});

test('a last checkpoint that failed is not tried again', async (t) => {
  const s = stage(t, { RESTORE: { dies: true } });
  await s.upTo('arm');
  const checkpoint = { iteration: 1, last: true };
  await t.throwsAsync(s.call.checkpoint(checkpoint), { code: 'CRIU_DIED' });
  await t.throwsAsync(s.call.checkpoint(checkpoint), refusal);
  await s.session.left();
  t.true(s.leavesNothing());
});

test('the streams of memory are attached once', async (t) => {
  const s = stage(t);
  await s.upTo('attach');
  await t.throwsAsync(async () => s.only('attach'), refusal);
  await t.notThrowsAsync(async () => s.only('prepare'));
  await s.session.left();
  t.true(s.leavesNothing());
});

test('a begin that failed is not tried again', async (t) => {
  const s = dock(t, 'runs', {}, 'lamp', 'have none');
  await s.upTo('check');
  await t.throwsAsync(async () => s.only('begin'), { code: 'DISK_FULL' });
  await t.throwsAsync(async () => s.only('begin'), refusal);
  t.like(await s.call.abort({}), { outcome: 'undone', failures: [] });
  t.true(s.leavesNothing());
});

test('after a hello of another protocol nothing else is understood', async (t) => {
  const s = stage(t);
  const hello = { protocol: protocolVersion + 1, phaul: '9.9', migration: s.migration };
  await t.throwsAsync(async () => s.call.hello(hello), { code: 'PROTOCOL_VERSION' });
  await t.throwsAsync(async () => s.call.survey({ candidates: [] }), refusal);
  await t.throwsAsync(async () => s.only('check'), refusal);
});

test('calls after `finish` are refused, one by one, and the container runs', async (t) => {
  const s = dock(t);
  await s.upTo('finish');
  const end = serverEnd(s.call);
  const calls = ['hello', 'survey', 'prepare', 'ready', 'fill', 'finish'];
  const params: Record<string, object> = {
    hello: { protocol: protocolVersion, phaul: '0.1.0', migration: s.migration },
    survey: { candidates: [] },
  };
  calls.forEach((method, id) => end.say({ id, method, params: params[method] ?? {} }));
  await settle();
  t.deepEqual(
    end.heard().map(({ error }) => (error as { code: string }).code),
    calls.map(() => 'PROTOCOL_ERROR'),
  );
  t.like(await s.call.abort({}), { outcome: 'landed' });
  t.is(s.process()?.exitCode, null);
  end.say('and more\n');
  t.is((await end.closed)?.code, 'PROTOCOL_ERROR');
});

test('calls after `abort` are refused', async (t) => {
  const s = dock(t);
  await s.upTo('prepare');
  await s.call.abort({});
  const end = serverEnd(s.call);
  ['prepare', 'ready', 'fill'].forEach((method, id) => end.say({ id, method, params: {} }));
  await settle();
  for (const { error } of end.heard()) t.like(error, { code: 'CANCELLED' });
  t.is(end.heard().length, 3);
  t.false(s.did.includes('replaced'));
});

test('an abort after the commit stops nothing that the migration still needs', async (t) => {
  const s = dock(t);
  await s.upTo('ready');
  const committing = s.call.commit({ devices: [] });
  t.like(await s.call.abort({}), { outcome: 'landed' });
  await committing;
  await t.notThrowsAsync(async () => s.only('finish'));
  t.true(s.did.includes('swap finish'));
});

test('a source whose drivers are for another version is refused', async (t) => {
  const s = stage(t);
  await s.upTo('hello');
  const { refusals } = await s.call.check(s.check({ api: 2 }));
  t.like(
    refusals.find(({ code }) => code === 'DRIVER_API'),
    {
      message: "The source's drivers are for version 2 of phaul's drivers, the target's for version 1.",
      host: 'target',
    },
  );
});

test('what the source names as a driver is looked up, never loaded', async (t) => {
  for (const htype of ['vm', 'phaul-htype-vm']) {
    const s = stage(t);
    await s.upTo('hello');
    const container = { ...s.check().container, htype };
    await t.throwsAsync(async () => s.call.check(s.check({ container })), {
      code: 'DRIVER_UNKNOWN',
      message: /^There is no htype (phaul-htype-)?vm; there are: runc, crun, podman, lxc, pid/,
    });
  }
});
