import test from 'ava';
import { PhaulError } from '../../src/errors.ts';
import { act, interruptible, newMigration } from '../../src/migration/migration.ts';
import type { Happening } from '../../src/observe/events.ts';
import { migrateOptions } from './options.ts';

function migration(user: AbortSignal = new AbortController().signal) {
  const events: Happening[] = [];
  const m = newMigration('aaaaaaaa', migrateOptions(), (what) => events.push(what), user);
  return { m, events };
}

test('an act is announced, timed and kept', async (t) => {
  const { m, events } = migration();
  t.is(await act(m, 'prepare', () => Promise.resolve(7)), 7);
  t.deepEqual(
    events.map(({ type }) => type),
    ['act-begin', 'act-end'],
  );
  t.is(m.acts[0]?.act, 'prepare');
  t.true((m.acts[0]?.ms ?? -1) >= 0);
});

test('an error says in which act it happened, the innermost one', async (t) => {
  const { m, events } = migration();
  const fail = () => act(m, 'freeze', () => Promise.reject(new PhaulError('CRIU_DUMP', 'no')));
  const error = await t.throwsAsync(act(m, 'prepare', fail), { instanceOf: PhaulError });
  t.like(error, { code: 'CRIU_DUMP', details: { act: 'freeze' } });
  t.false(events.some(({ type }) => type === 'act-end'));
  t.deepEqual(m.acts, []);
});

test('an abort interrupts what is waited for, with its reason', async (t) => {
  const { m } = migration();
  const waiting = interruptible(m, new Promise(() => undefined));
  m.abort(new PhaulError('TIMEOUT', 'too long'));
  await t.throwsAsync(waiting, { code: 'TIMEOUT' });
  await t.throwsAsync(interruptible(m, Promise.resolve(1)), { code: 'TIMEOUT' }, 'and whatever follows');
});

test('what fails after the abort fails unheard', async (t) => {
  const { m } = migration();
  let fail!: (error: Error) => void;
  const waiting = interruptible(m, new Promise((_, reject) => (fail = reject)));
  m.abort(new PhaulError('CANCELLED', 'stop'));
  await t.throwsAsync(waiting, { code: 'CANCELLED' });
  fail(new Error('late'));
  await new Promise((resolve) => setImmediate(resolve));
});

test('without an abort the promise is as it was', async (t) => {
  const { m } = migration();
  t.is(await interruptible(m, Promise.resolve(1)), 1);
  await t.throwsAsync(interruptible(m, Promise.reject(new Error('own'))), { message: 'own' });
});

test("the user's abort counts, before the start too, and the first reason stays", (t) => {
  const reason = new PhaulError('TERMINATED', 'Ended by SIGTERM.');
  const { m } = migration(AbortSignal.abort(reason));
  t.is(m.signal.reason, reason);
  m.abort(new PhaulError('TIMEOUT', 'late'));
  t.is(m.signal.reason, reason);
});

test('warnings are told and kept for the summary, log lines only told', (t) => {
  const { m, events } = migration();
  m.say('warn', 'careful');
  m.say('log', 'detail');
  t.deepEqual(m.warnings, ['careful']);
  t.deepEqual(events, [
    { type: 'warning', text: 'careful' },
    { type: 'log', text: 'detail' },
  ]);
});
