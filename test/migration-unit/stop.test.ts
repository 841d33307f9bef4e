import test, { type ExecutionContext } from 'ava';
import type { Revival, Stop } from '../../src/contracts/htype.ts';
import { PhaulError } from '../../src/errors.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { type Migration, newMigration } from '../../src/migration/migration.ts';
import type { Plan } from '../../src/migration/preflight.ts';
import { stop } from '../../src/migration/stop.ts';
import { migrateOptions } from './options.ts';

const ended: Stop = { signal: 'SIGTERM', killed: false };

interface Stage {
  readonly m: Migration;
  readonly plan: Plan;
  /** What was done, in order. */
  readonly did: string[];
}

/** A container that is stopped as told, one device, and files. */
function stage(t: ExecutionContext, revive: Partial<Revival> = {}, timeout = 120): Stage {
  const did: string[] = [];
  const note = (what: string): Promise<void> => Promise.resolve(void did.push(what));
  const options = migrateOptions({ mode: 'revive', timeout });
  const emit: Migration['emit'] = ({ type }) => did.push(`event ${type}`);
  const m = newMigration('aaaaaaaa', options, emit, new AbortController().signal);
  m.sourceState = 'running';
  const will: Journal['will'] = (when, _, [, script]) => {
    did.push(script?.includes('(start it)') ? 'noted' : `noted ${when} ${script}`);
    return () => void did.push('note taken back');
  };
  m.journal = { will } as Journal;
  // Otherwise the guard would take the end of the test for phaul's.
  t.teardown(() => m.undo.unwind());
  const revival: Revival = {
    stop: async () => {
      await note('stop');
      return ended;
    },
    stillStopped: () => Promise.resolve(true),
    start: () => note('start'),
    startByHand: 'start it',
    ...revive,
  };
  const devices = { freeze: () => note('freeze'), abort: () => note('devices back') };
  const plan = {
    htype: 'box',
    container: { mappedFiles: () => Promise.resolve(['/mapped']), revive: revival },
    devices,
    files: {
      sync: ({ final, mapped }: { final: boolean; mapped: string[] }) => {
        did.push(`sync ${final ? 'final' : ''} ${mapped.join()}`);
        return Promise.resolve({ bytes: 1, changed: 1, files: 1 });
      },
    },
  };
  return { m, did, plan: plan as unknown as Plan };
}

test('how it is started again is noted before it is stopped; then the last files go, and the devices', async (t) => {
  const { m, plan, did } = stage(t);
  const stopped = await stop(m, plan);
  t.deepEqual(did, ['noted', 'stop', 'event stopped', 'sync final /mapped', 'freeze']);
  t.like(stopped.stop, ended);
  t.is(m.sourceState, 'stopped');
  t.is((await stopped.files).bytes, 1);
});

test('undone, the devices are there first, then the container runs, and then nobody need know', async (t) => {
  const { m, plan, did } = stage(t);
  await stop(m, plan);
  did.length = 0;
  t.deepEqual(await m.undo.unwind(), []);
  t.deepEqual(did, ['devices back', 'start', 'note taken back']);
  t.is(m.sourceState, 'running');
});

test('an abort does not call a stop back: it is heard out, and then the container is started', async (t) => {
  let end!: (stop: Stop) => void;
  const { m, plan, did } = stage(t, { stop: () => new Promise((resolve) => (end = resolve)) });
  const stopping = stop(m, plan);
  await new Promise((resolve) => setImmediate(resolve));
  m.abort(new PhaulError('CANCELLED', 'Enough.'));
  await t.throwsAsync(stopping, { code: 'CANCELLED' });
  const undone = m.undo.unwind();
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.deepEqual(did, ['noted'], 'it may still be running');
  end(ended);
  t.deepEqual(await undone, []);
  t.deepEqual(did, ['noted', 'devices back', 'start', 'note taken back']);
});

test('one that ended by itself is not started, and said to be stopped', async (t) => {
  const gone = new PhaulError('STOP_FAILED', 'It ended by itself.', { sourceState: 'stopped' });
  const { m, plan, did } = stage(t, { stop: () => Promise.reject(gone) });
  await t.throwsAsync(stop(m, plan), { code: 'STOP_FAILED' });
  t.is(m.sourceState, 'stopped');
  await m.undo.unwind();
  t.deepEqual(did, ['noted', 'note taken back']);
});

test('a stop that fails may have ended it: undone, it runs', async (t) => {
  const broken = new PhaulError('STOP_FAILED', 'podman cannot stop it: its mount is busy.');
  const { m, plan, did } = stage(t, { stop: () => Promise.reject(broken) });
  await t.throwsAsync(stop(m, plan), { code: 'STOP_FAILED' });
  t.deepEqual(await m.undo.unwind(), []);
  t.deepEqual(did, ['noted', 'devices back', 'start', 'note taken back']);
});

test('one that does not end is in a state that nobody knows', async (t) => {
  const { m, plan } = stage(t, { stop: () => Promise.reject(new PhaulError('STOP_FAILED', 'It lives.')) });
  await t.throwsAsync(stop(m, plan), { code: 'STOP_FAILED' });
  t.is(m.sourceState, 'unknown');
});

test('one that does not start again is reported with the command to try, and is stopped', async (t) => {
  const broken = new PhaulError('DRIVER_FAILED', 'runc cannot start it.');
  const { m, plan } = stage(t, { start: () => Promise.reject(broken) });
  await stop(m, plan);
  const [failure] = await m.undo.unwind();
  t.like(failure, {
    name: 'the stop',
    error: { message: 'runc cannot start it. Start it by hand: start it' },
  });
  t.is(m.sourceState, 'stopped');
});

test('one that stands still for too long is a reason to undo', async (t) => {
  const { m, plan } = stage(t, {}, 0.01);
  await stop(m, plan);
  await new Promise((resolve) => m.signal.addEventListener('abort', resolve));
  t.like(m.signal.reason, { code: 'TIMEOUT' });
});

test('a device that does not let go fails the stop, and comes back', async (t) => {
  const { m, plan, did } = stage(t);
  Object.assign(plan.devices, { freeze: () => Promise.reject(new Error('no')) });
  await t.throwsAsync(stop(m, plan), { message: 'no' });
  await m.undo.unwind();
  t.deepEqual(did.slice(-3), ['devices back', 'start', 'note taken back']);
});

test('without its devices it is not started, and the note stays', async (t) => {
  const { m, plan, did } = stage(t);
  await stop(m, plan);
  did.length = 0;
  Object.assign(plan.devices, { abort: () => Promise.reject(new Error('in use')) });
  t.like(await m.undo.unwind(), [{ name: 'the stop', error: { message: 'in use' } }]);
  t.deepEqual(did, []);
  t.is(m.sourceState, 'stopped');
});
