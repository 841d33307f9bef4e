import { PassThrough } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test from 'ava';
import { serve } from '../../src/rpc/server.ts';
import { callerEnd, noHandlers, serverEnd, settle } from './ends.ts';

const prepare = (id: number): object => ({ id, method: 'prepare', params: {} });
const megabyte = `${JSON.stringify('x'.repeat(2 ** 20))}\n`;

const closes = test.macro<[string, RegExp]>({
  exec: async (t, said, why) => {
    let handled = 0;
    const end = serverEnd({ prepare: () => Promise.resolve((handled++, {})) });
    end.say(said, prepare(1));
    end.hangUp();
    const reason = await end.closed;
    t.is(reason?.code, 'PROTOCOL_ERROR');
    t.regex(reason?.message ?? '', why);
    await settle();
    t.is(handled, 0, 'nothing behind it is handled');
    t.deepEqual(end.heard(), [], 'or answered');
  },
  title: (what) => `the target closes the session at ${what}`,
});
test('an unknown message', closes, '{"id":1,"question":"why"}\n', /unknown message/);
test('an unknown method', closes, '{"id":1,"method":"explode","params":{}}\n', /unknown message/);
test('a truncated frame', closes, '{"id":1,"method":"prep\n', /not JSON/);
test('an oversized frame', closes, megabyte, /too long/);
test('a frame that never ends', closes, '['.repeat(2 ** 21), /too long/);

test('the target closes the session when the connection ends within a frame', async (t) => {
  const end = serverEnd();
  end.say('{"id":1,"method":"prep');
  end.hangUp();
  const reason = await end.closed;
  t.is(reason?.code, 'PROTOCOL_ERROR');
  t.regex(reason?.message ?? '', /cut off/);
});

test('aborts that do not wait for an answer close the session, too', async (t) => {
  let aborts = 0;
  const end = serverEnd({ abort: () => (aborts++, new Promise(() => undefined)) });
  for (let id = 0; id < 1000; id++) end.say({ id, method: 'abort', params: {} });
  t.is((await end.closed)?.code, 'PROTOCOL_ERROR');
  t.true(aborts < 20);
});

test('answers that the source does not read close the session', async (t) => {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const kernel = 'x'.repeat(2 ** 20);
  const check = (): Promise<never> =>
    Promise.resolve({ criu: null, kernel, zstd: true, refusals: [] } as never);
  const server = serve(input, output, { ...noHandlers, survey: check });
  for (let id = 0; id < 100; id++) {
    input.write(`${JSON.stringify({ id, method: 'survey', params: { candidates: [] } })}\n`);
    await settle();
  }
  const reason = await server.closed;
  t.is(reason?.code, 'PROTOCOL_ERROR');
  t.regex(reason?.message ?? '', /does not read/);
  t.true(output.writableLength < 2 ** 23);
});

test('a call that is nested deeper than any stack is malformed', async (t) => {
  const end = serverEnd();
  const deep = '['.repeat(100_000) + ']'.repeat(100_000);
  end.say(`{"id":1,"method":"commit","params":{"devices":[${deep}]}}\n`);
  await settle();
  t.like(end.heard()[0], { id: 1, error: { code: 'PROTOCOL_ERROR' } });
});

const fails = test.macro<[string, RegExp]>({
  exec: async (t, said, message) => {
    const end = callerEnd();
    const call = end.call('prepare', {});
    end.say(said, { notice: 'log', params: { level: 'warn', text: 'late' } });
    end.hangUp();
    await t.throwsAsync(call, { code: 'PROTOCOL_ERROR', message });
    await settle();
    t.deepEqual(end.log, [], 'nothing behind it is heard');
  },
  title: (what) => `the source refuses ${what}`,
});
test('an unknown message', fails, '{"id":1,"answer":42}\n', /unknown message/);
test('an unknown notice', fails, '{"notice":"explode","params":{}}\n', /unknown message/);
test('an answer out of order', fails, '{"id":2,"result":{}}\n', /nobody asked/);
test('a truncated frame', fails, '{"id":1,"res\n', /not JSON/);
test('an oversized frame', fails, megabyte, /too long/);
test('a frame that never ends', fails, '['.repeat(2 ** 21), /too long/);

test('what the target says after the end is not heard', async (t) => {
  const end = callerEnd();
  const call = end.call('finish', {});
  end.say({ id: 1, result: {} });
  await call;
  end.close();
  end.say({ notice: 'log', params: { level: 'warn', text: 'late' } }, 'oops\n');
  await settle();
  t.deepEqual(end.log, []);
});

// Serial, as what it costs is asked of the process: others keep the processor busy at the same time.
test.serial(
  'a frame that comes a few bytes at a time costs no more than one that comes at once',
  async (t) => {
    let frames = 0;
    const end = serverEnd({ prepare: () => Promise.resolve((frames++, {})) });
    const before = process.cpuUsage();
    const text = `${JSON.stringify({ ...prepare(1), more: 'x'.repeat(2 ** 20 - 100) })}\n`;
    for (let at = 0; at < text.length; at += 16) end.say(text.slice(at, at + 16));
    while (frames === 0) await settle();
    // Put together anew for each of them it takes half a minute.
    const { user, system } = process.cpuUsage(before);
    t.true(user + system < 5_000_000);
  },
);

test.serial('a peer that never stops talking takes no more memory than it may', async (t) => {
  const ends = [callerEnd('no greeting'), callerEnd(), serverEnd()];
  collect();
  const before = heap();
  for (let i = 0; i < 600; i++) {
    const block = 'x'.repeat(1 << 16);
    for (const end of ends) end.say(block);
    await new Promise((resolve) => setImmediate(resolve));
  }
  collect();
  t.true(heap() - before < 40 * 2 ** 20, `${(heap() - before) / 2 ** 20} MiB more`);
});

// What nobody holds any more goes when the engine comes to it.
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const heap = (): number => process.memoryUsage().heapUsed + process.memoryUsage().external;
