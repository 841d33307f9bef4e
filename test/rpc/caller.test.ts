import test from 'ava';
import { PhaulError } from '../../src/errors.ts';
import { callerEnd, joined, settle } from './ends.ts';

const hello = { protocol: 1, phaul: '0.1.0', migration: 'aaaaaaaa-1' };
const helloResult = { protocol: 1, phaul: '0.1.0', host: 'b' };

test('a call brings back what the handler gave', async (t) => {
  const { rpc } = joined({ hello: (params) => Promise.resolve({ ...helloResult, host: params.migration }) });
  t.is((await rpc.call('hello', hello)).host, hello.migration);
});

test('several calls at once each get their own answer, in whatever order', async (t) => {
  const end = callerEnd();
  const calls = [1, 2, 3].map(() => end.call('hello', hello));
  await settle();
  const ids = end.heard().map(({ id }) => id as number);
  for (const id of ids.toReversed()) end.say({ id, result: { ...helloResult, host: `host ${id}` } });
  const hosts = (await Promise.all(calls)).map(({ host }) => host);
  t.deepEqual(
    hosts,
    ids.map((id) => `host ${id}`),
  );
});

test('what the target threw arrives with its code, hint and log, as an error of the target', async (t) => {
  const details = { hint: 'Do that.', logLine: 'Error (x): y', logFile: '/var/log/phaul/x.log' };
  const { rpc } = joined({
    prepare: () => Promise.reject(new PhaulError('CRIU_RESTORE', 'It failed.', details)),
  });
  const error = await t.throwsAsync(rpc.call('prepare', {}), { instanceOf: PhaulError });
  t.like(error, { code: 'CRIU_RESTORE', message: 'It failed.', details: { ...details, host: 'target' } });
});

test('an error code of a newer release is a failure all the same', async (t) => {
  const end = callerEnd();
  const call = end.call('prepare', {});
  end.say({ id: 1, error: { code: 'OF_TOMORROW', message: 'New.' } });
  await t.throwsAsync(call, { code: 'INTERNAL', message: 'New.' });
});

test("the target's log lines come out", async (t) => {
  const { server, log } = joined({});
  server.log('warn', 'careful');
  server.log('log', 'x'.repeat(9000));
  await settle();
  t.deepEqual(log, ['warn: careful', `log: ${'x'.repeat(4096)}`]);
});

const deadly = test.macro({
  exec: async (t, said: object | string, code: string, expected: RegExp) => {
    const end = callerEnd();
    const calls = [end.call('hello', hello), end.call('prepare', {})];
    end.say(said);
    end.hangUp();
    for (const call of calls) await t.throwsAsync(call, { code, message: expected });
    await t.throwsAsync(
      end.call('prepare', {}),
      { code, message: expected },
      'calls after that fail at once',
    );
  },
  title: (what) => `${what} fails every call, pending and to come`,
});
test('text that is not JSON', deadly, 'oops\n', 'PROTOCOL_ERROR', /not JSON/);
test('an answer to a question that nobody asked', deadly, { id: 99, result: 1 }, 'PROTOCOL_ERROR', /nobody/);
test('an unknown notice', deadly, { notice: 'explode', params: {} }, 'PROTOCOL_ERROR', /unknown/);
test('a frame that is no object', deadly, '[1]\n', 'PROTOCOL_ERROR', /unknown/);
test('an error without a message', deadly, { id: 1, error: {} }, 'PROTOCOL_ERROR', /unknown/);
test('a frame cut off', deadly, '{"id":1,', 'PROTOCOL_ERROR', /cut off/);
test('the end of the connection', deadly, '', 'LINK_LOST', /ended/);

test('an answer that comes twice is one that nobody asked for', async (t) => {
  const end = callerEnd();
  const first = end.call('hello', hello);
  const second = end.call('prepare', {});
  end.say({ id: 1, result: helloResult }, { id: 1, result: helloResult });
  t.deepEqual(await first, helloResult);
  await t.throwsAsync(second, { code: 'PROTOCOL_ERROR' });
});

test('a malformed result fails that call alone', async (t) => {
  const end = callerEnd();
  const [bad, good] = [end.call('hello', hello), end.call('hello', hello)];
  end.say({ id: 1, result: { protocol: 'one' } }, { id: 2, result: helloResult });
  await t.throwsAsync(bad, { code: 'PROTOCOL_ERROR', message: /answer to hello is malformed/ });
  t.deepEqual(await good, helloResult);
});

test('an abort fails the call at once, and its late answer harms nothing', async (t) => {
  const end = callerEnd();
  const aborter = new AbortController();
  const call = end.call('prepare', {}, aborter.signal);
  const other = end.call('hello', hello);
  aborter.abort();
  await t.throwsAsync(call, { code: 'CANCELLED' });
  end.say({ id: 1, error: { code: 'DRIVER_FAILED', message: 'late' } }, { id: 2, result: helloResult });
  t.deepEqual(await other, helloResult);
});

test('with a signal that is aborted already nothing is sent', async (t) => {
  const end = callerEnd();
  await t.throwsAsync(end.call('prepare', {}, AbortSignal.abort()), { code: 'CANCELLED' });
  await settle();
  t.deepEqual(end.heard(), []);
});

test('a link cut with calls pending fails them, and both ends know', async (t) => {
  const { rpc, server, cut } = joined({ prepare: () => new Promise(() => undefined) });
  const call = rpc.call('prepare', {});
  await settle();
  cut();
  await t.throwsAsync(call, { code: 'LINK_LOST' });
  t.is(await server.closed, null);
});
