import test from 'ava';
import { seeded } from '../seeded.ts';
import { PhaulError } from '../../src/errors.ts';
import { callerEnd, serverEnd, settle } from './ends.ts';

// Thousands of conversations that no honest host would have, the same ones every time.
const conversations = 1500;
const seed = 20_241_117;

const unhandled: unknown[] = [];
process.on('unhandledRejection', (reason) => unhandled.push(reason));

test('a target that says anything at all is answered with an error, never with a hang', async (t) => {
  const random = seeded(seed);
  for (let i = 0; i < conversations; i++) {
    const end = callerEnd(random() < 0.9 ? 'phaul-rpc\n' : noise(random));
    const calls = [end.call('hello', hello), end.call('commit', { devices: [] }), end.call('prepare', {})];
    for (let n = 1 + random() * 4; n > 0; n--) end.say(mutated(random, answers));
    end.hangUp();
    const outcomes = await within(t, i, Promise.allSettled(calls));
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') t.true(outcome.reason instanceof PhaulError, `conversation ${i}`);
    end.close();
  }
  await settle();
  t.deepEqual(unhandled, []);
});

test('a source that says anything at all is answered, or the session closes', async (t) => {
  const random = seeded(seed + 1);
  for (let i = 0; i < conversations; i++) {
    const end = serverEnd({ prepare: () => Promise.resolve({}) });
    for (let n = 1 + random() * 4; n > 0; n--) end.say(mutated(random, requests));
    end.hangUp();
    const reason = await within(t, i, end.closed);
    t.true(reason === null || reason.code === 'PROTOCOL_ERROR', `conversation ${i}`);
  }
  await settle();
  t.deepEqual(unhandled, []);
});

test('a peer that never stops talking takes no more memory than it may', async (t) => {
  const ends = [callerEnd('no greeting'), callerEnd(), serverEnd()];
  const before = heap();
  for (let i = 0; i < 600; i++) {
    const block = 'x'.repeat(1 << 16);
    for (const end of ends) end.say(block);
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.true(heap() - before < 40 * 2 ** 20, `${(heap() - before) / 2 ** 20} MiB more`);
});

const hello = { protocol: 1, phaul: '0.1.0', migration: 'aaaaaaaa-1' };
const answers = [
  { id: 1, result: { protocol: 1, phaul: '0.1.0', host: 'b' } },
  { id: 2, result: { pid: 1, restoreMs: 1, pagesRestored: 1 } },
  { id: 3, error: { code: 'CRIU_RESTORE', message: 'no', hint: 'h', logLine: 'l' } },
  { notice: 'log', params: { level: 'warn', text: 'text' } },
  { notice: 'alive', params: {} },
].map((frame) => JSON.stringify(frame));
const requests = [
  { id: 1, method: 'hello', params: hello },
  { id: 2, method: 'prepare', params: {} },
  { id: 3, method: 'checkpoint', params: { iteration: 1, last: true } },
  { id: 4, method: 'abort', params: {} },
  { notice: 'alive', params: {} },
].map((frame) => JSON.stringify(frame));

/** A good frame, to which something happens on its way. */
function mutated(random: () => number, frames: readonly string[]): string {
  const frame = frames[Math.floor(random() * frames.length)] ?? '';
  const at = Math.floor(random() * frame.length);
  const values = ['null', '-1', '1e999', '"\\ud800"', '[]', '{"__proto__":{}}', '99999999999999999999'];
  const value = values[Math.floor(random() * values.length)] ?? '';
  switch (Math.floor(random() * 8)) {
    case 0:
      return `${frame}\n`;
    case 1:
      return frame.slice(0, at);
    case 2:
      return `${frame.slice(0, at)}${String.fromCharCode(random() * 65_536)}${frame.slice(at + 1)}\n`;
    case 3:
      return `${frame.replace(/:[^,{}[\]]+/, `:${value}`)}\n`;
    case 4:
      return `${frame.slice(0, at)}\n${frame.slice(at)}\n`;
    case 5:
      return `${frame}\n`.repeat(3);
    case 6:
      return `${value}\n`;
    default:
      return noise(random);
  }
}

function noise(random: () => number): string {
  const codes = Array.from({ length: 1 + random() * 200 }, () => random() * 300);
  return String.fromCharCode(...codes) + (random() < 0.7 ? '\n' : '');
}

async function within<T>(
  t: { fail: (message: string) => never | void },
  i: number,
  work: Promise<T>,
): Promise<T> {
  const hang = setTimeout(() => {
    t.fail(`conversation ${i} hangs`);
  }, 5000);
  try {
    return await work;
  } finally {
    clearTimeout(hang);
  }
}

function heap(): number {
  return process.memoryUsage().heapUsed + process.memoryUsage().external;
}
