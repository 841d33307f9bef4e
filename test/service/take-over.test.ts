import test, { type ExecutionContext } from 'ava';
import { deferred } from '../../src/deferred.ts';
import { type Dock, cranes, dock, type Fate } from './dock.ts';

const undone = { outcome: 'undone', error: null, failures: [] } as const;
const nothing = (): Promise<void> => Promise.resolve();

/** Up to `prepare`, with a device that one host only may use. */
async function craneDock(
  t: ExecutionContext,
  crane: Parameters<typeof cranes.set>[1],
  fate: Fate = 'runs',
): Promise<Dock> {
  const s = dock(t, fate, {}, 'crane');
  cranes.set(s.id, crane);
  await s.upTo('prepare');
  return s;
}
const steady = { takenOver: nothing, abort: nothing };

test('the device is taken over before the container is complete here, and remembered from standBy on', async (t) => {
  const s = await craneDock(t, steady);
  t.is(await s.state(), 'open');
  await s.call.standBy({});
  t.is(await s.state(), 'standby');
  await s.call.takeOver({});
  await s.call.ready({});
  t.is(await s.state(), 'ready');
  await s.land();
  await s.call.finish({});
  t.deepEqual(
    s.did.filter((what) => /crane|replaced|^start/.test(what)),
    ['crane begin', 'crane takeOver', 'crane takenOver', 'replaced', 'start', 'started', 'crane finish'],
  );
});

test('without it the container cannot be completed, and none of it comes out of order', async (t) => {
  const s = await craneDock(t, steady);
  const refused = { code: 'PROTOCOL_ERROR' } as const;
  await t.throwsAsync(async () => s.call.takeOver({}), refused);
  await t.throwsAsync(async () => s.call.ready({}), refused);
  await s.call.standBy({});
  await t.throwsAsync(async () => s.call.standBy({}), refused);
  await t.throwsAsync(async () => s.call.ready({}), refused);
  await s.call.takeOver({});
  await t.throwsAsync(async () => s.call.takeOver({}), refused);
  await t.throwsAsync(async () => s.call.commit({ devices: [] }), refused);
  t.deepEqual(await s.call.abort({}), undone);
  t.true(s.leavesNothing());
});

for (const last of ['standBy', 'takeOver'] as const)
  test(`a source that falls silent after ${last} is waited for; its abort gives the device up`, async (t) => {
    const s = await craneDock(t, steady);
    await s.call.standBy({});
    if (last === 'takeOver') await s.call.takeOver({});
    await s.session.left();
    t.false(s.did.includes('crane abort'));
    t.is(await s.state(), 'standby');
    t.deepEqual(await s.call.abort({}), undone);
    t.true(s.did.includes('crane abort'));
    t.is(await s.state(), 'undone');
  });

test('so is one that falls silent in the middle', async (t) => {
  const over = deferred<void>();
  const s = await craneDock(t, { takenOver: () => over.promise, abort: nothing });
  await s.call.standBy({});
  const taking = s.call.takeOver({});
  await s.session.left();
  t.false(s.did.includes('crane abort'));
  over.resolve();
  await taking;
});

test('an abort in the middle waits for its end, and then gives the device up', async (t) => {
  const over = deferred<void>();
  const s = await craneDock(t, { takenOver: () => over.promise, abort: nothing });
  await s.call.standBy({});
  const taking = s.call.takeOver({});
  const aborting = s.call.abort({});
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.false(s.did.includes('crane abort'));
  over.reject(new Error('killed'));
  await t.throwsAsync(taking, { message: 'The device crane: killed' });
  t.deepEqual(await aborting, undone);
});

test('the abort is not answered before the device is given up, however often that has to be tried', async (t) => {
  let tries = 0;
  const [third, free] = [deferred<void>(), deferred<void>()];
  const abort = (): Promise<void> => {
    if (++tries < 3) return Promise.reject(new Error('in use'));
    third.resolve();
    return free.promise;
  };
  const s = await craneDock(t, { takenOver: nothing, abort });
  await s.call.standBy({});
  await s.call.takeOver({});
  const aborting = s.call.abort({});
  await third.promise;
  t.is(await s.state(), 'standby');
  free.resolve();
  t.deepEqual(await aborting, undone);
  t.is(tries, 3);
  t.regex(s.said.join(), /warn: The device crane: in use It has not been given up here/);
});

test('one that was only begun is reported if it cannot be undone, and nobody waits', async (t) => {
  const s = await craneDock(t, { takenOver: nothing, abort: () => Promise.reject(new Error('in use')) });
  t.deepEqual(await s.call.abort({}), { ...undone, failures: ['the devices: The device crane: in use'] });
});

test('a container that does not start gives the device up before the source hears of it', async (t) => {
  const s = await craneDock(t, steady, 'fails');
  await s.call.standBy({});
  await s.call.takeOver({});
  await s.call.ready({});
  t.like(await s.call.commit({ devices: [] }), { outcome: 'undone', error: { code: 'START_FAILED' } });
  t.deepEqual(s.did.slice(-3), ['start', 'abort', 'crane abort']);
});
