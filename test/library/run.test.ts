import { spawn } from 'node:child_process';
import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import { check, migrate, PhaulError, type PhaulEvent } from '../../src/index.ts';
import { eventLog } from '../../src/library/event-log.ts';
import { completed } from '../../src/library/options.ts';
import { migrateOptions } from '../migration-unit/options.ts';
import { event } from '../observe/events.ts';

// There is no such container, so all of these end in preflight, before any other host is asked.
const nobody = { container: 'ct-nobody', destination: 'hostb' };

async function all(events: AsyncIterable<PhaulEvent>): Promise<PhaulEvent[]> {
  const read: PhaulEvent[] = [];
  for await (const each of events) read.push(each);
  return read;
}

test('awaited, a run that fails throws the error', async (t) => {
  const error = await t.throwsAsync(async () => migrate(nobody), { instanceOf: PhaulError });
  t.like(error, { code: 'CONTAINER_UNKNOWN', exitCode: 3, details: { act: 'preflight' } });
});

test('iterated, it gives its events to the result, which says the same', async (t) => {
  const run = migrate(nobody);
  const events = await all(run);
  t.deepEqual(
    events.map(({ type }) => type),
    ['start', 'act-begin', 'result'],
  );
  t.like(events.at(-1), { ok: false, error: { code: 'CONTAINER_UNKNOWN', exitCode: 3 } });
  t.is(new Set(events.map(({ migration }) => migration)).size, 1);
  t.deepEqual(await all(run), events, 'again, and afterwards');
  await t.throwsAsync(run, { code: 'CONTAINER_UNKNOWN' });
});

test('a check is a run too', async (t) => {
  const run = check({ ...nobody, mode: 'revive' });
  t.like((await all(run))[0], { type: 'start', mode: 'revive' });
});

test('what one run has failed at the next one of the same program may try again', async (t) => {
  const container = spawn('sleep', ['1000']);
  t.teardown(() => container.kill());
  // Nobody answers there.
  const move = { container: String(container.pid), destination: 'root@127.0.0.1:1', type: 'pid' };
  for (const again of ['first', 'again']) {
    await t.throwsAsync(async () => migrate(move), { code: 'TARGET_UNREACHABLE' }, again);
    await t.throwsAsync(async () => check(move), { code: 'TARGET_UNREACHABLE' }, again);
  }
});

test('leaving a loop ends nothing', async (t) => {
  const run = migrate(nobody);
  for await (const { type } of run) if (type === 'start') break;
  t.is((await all(run)).at(-1)?.type, 'result');
});

test("an abort ends it as CANCELLED, or as the signal's reason says", async (t) => {
  await t.throwsAsync(async () => migrate({ ...nobody, signal: AbortSignal.abort() }), { code: 'CANCELLED' });
  const reason = new PhaulError('TERMINATED', 'Enough.');
  const error = await t.throwsAsync(async () => migrate({ ...nobody, signal: AbortSignal.abort(reason) }));
  t.like(error, { code: 'TERMINATED', message: 'Enough.' });
});

const wrong = test.macro({
  exec: (t, options: object, said: RegExp) => {
    const error = t.throws(() => migrate({ ...nobody, ...options }), { instanceOf: PhaulError });
    t.is((error as PhaulError).code, 'USAGE');
    t.regex(error?.message ?? '', said);
  },
  title: (what) => `${what} is refused at once`,
});
test('a container without a name', wrong, { container: '' }, /^container: /);
test('an option that does not exist', wrong, { turbo: true }, /turbo/);
test('a mode that does not exist', wrong, { mode: 'magic' }, /^mode: /);
test('a number that is text', wrong, { timeout: '5' }, /^timeout: /);
test('a time limit of nothing', wrong, { timeout: 0 }, /^timeout is a number of seconds/);
test('a bandwidth of nothing', wrong, { bandwidthLimit: 10 }, /^bandwidthLimit is at least/);
test('a directory that climbs', wrong, { pidRoot: '/srv/../etc' }, /^pidRoot is an absolute path/);
test('images kept in memory', wrong, { keepImages: true }, /^keepImages goes with imagePath/);

test('what is left out is as on the command line', (t) => {
  const { container, destination, ...rest } = migrateOptions();
  t.deepEqual(completed({ container, destination }), { container, destination, ...rest });
  t.is(completed({ container, destination, timeout: undefined }).timeout, rest.timeout);
});

test('events are given as they come, to each reader all of them', async (t) => {
  const log = eventLog();
  const early = all(log.read());
  log.add(event({ type: 'frozen' }));
  const reader = log.read();
  t.is((await reader.next()).value?.type, 'frozen');
  const next = reader.next();
  await turn();
  log.add(event({ type: 'running', freezeMs: 1 }));
  t.is((await next).value?.type, 'running');
  const result = event({ type: 'result', ok: true, here: { criu: null, preDump: false, container: null } });
  log.add(result);
  t.deepEqual(await reader.next(), { done: false, value: result });
  t.true((await reader.next()).done);
  t.is((await early).length, 3);
});
