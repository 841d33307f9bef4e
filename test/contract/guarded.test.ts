import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { guarded, type Rule } from '../../src/contracts/guarded.ts';
import { PhaulError } from '../../src/errors.ts';

interface Half {
  readonly size: number;
  readonly begin: (what?: string) => Promise<string>;
  readonly count: () => number;
  readonly abort: () => Promise<void>;
}

const rules = {
  begin: { kind: 'work' },
  count: { kind: 'always', atOnce: true },
  abort: { kind: 'end' },
} as const;

/** A half that writes down what is called, as the core has it. */
function half(t: ExecutionContext, own: Partial<Half> = {}, begin: Rule = rules.begin) {
  const did: string[] = [];
  const log: string[] = [];
  const aborter = new AbortController();
  const made = guarded<Half>(
    {
      size: 3,
      begin: (what = '') => Promise.resolve(`begun ${did.push(what)}`),
      count: () => did.length,
      abort: () => Promise.resolve(void did.push('abort')),
      ...own,
    },
    { ...rules, begin },
    { name: 'htype x', signal: aborter.signal, log: (text) => void log.push(text) },
  );
  t.teardown(() => aborter.abort());
  return { ...made, did, log, cancel: () => aborter.abort() };
}

test('what is called is called with what it was given, and the rest is as it was', async (t) => {
  const { begin, count, size, did } = half(t);
  t.is(await begin('now'), 'begun 1');
  t.deepEqual(did, ['now']);
  t.is(count(), 1);
  t.is(size, 3);
});

test('a member that a driver leaves out is left out', (t) => {
  const made = guarded<Partial<Half>>({ size: 1 }, rules, { name: 'x' });
  t.deepEqual(Object.keys(made), ['size']);
});

test('members of a class find what is theirs', async (t) => {
  class Counting {
    made = 0;
    begin(): Promise<number> {
      return Promise.resolve(++this.made);
    }
  }
  const made = guarded(new Counting(), { begin: { kind: 'work' } }, { name: 'x' });
  t.deepEqual([await made.begin(), await made.begin()], [1, 2]);
});

test('work is not begun when all is being undone, and what always is to be done, is', async (t) => {
  const { begin, count, did, cancel } = half(t);
  cancel();
  await t.throwsAsync(begin(), { code: 'CANCELLED', message: 'htype x: begin was not begun.' });
  t.is(count(), 0);
  t.deepEqual(did, []);
});

test('a member that forgets to be asynchronous is so nevertheless', async (t) => {
  const { begin } = half(t, { begin: () => 'at once' as never });
  t.is(await begin(), 'at once');
  const thrower = half(t, {
    begin: () => {
      throw new Error('no');
    },
  });
  await t.throwsAsync(thrower.begin(), { code: 'DRIVER_FAILED' });
});

test('what is done once is not done again', async (t) => {
  const { begin, did } = half(t, {}, { kind: 'once' });
  t.deepEqual(await Promise.all([begin('a'), begin('b')]), ['begun 1', 'begun 1']);
  t.is(await begin('c'), 'begun 1');
  t.deepEqual(did, ['a']);
});

test('what tears down is done once if it succeeds, and joined while it is at work', async (t) => {
  const { abort, did } = half(t);
  await Promise.all([abort(), abort()]);
  await abort();
  t.deepEqual(did, ['abort']);
});

test('what fails to tear down is tried again', async (t) => {
  let tries = 0;
  const { abort } = half(t, {
    abort: () => (++tries < 3 ? Promise.reject(new Error('in use')) : Promise.resolve()),
  });
  await t.throwsAsync(abort());
  await t.throwsAsync(abort());
  await abort();
  await abort();
  t.is(tries, 3);
});

test('what tears down waits for what is under way, whatever becomes of it', async (t) => {
  const { abort, begin, did } = half(t, {
    begin: async (what = '') => {
      await sleep(20);
      did.push(what);
      throw new Error('no');
    },
  });
  const begun = t.throwsAsync(begin('late'));
  await abort();
  await begun;
  t.deepEqual(did, ['late', 'abort']);
});

test('an error of its own says whose it is', async (t) => {
  const cause = new Error('no such luck');
  const { begin, count } = half(t, {
    begin: () => Promise.reject(cause),
    count: () => {
      throw cause;
    },
  });
  const expected = { code: 'DRIVER_FAILED', message: 'htype x: no such luck' };
  t.is((await t.throwsAsync(begin(), expected))?.cause, cause);
  t.throws(() => count(), expected);
});

test('an error for the user keeps its code and its words, whoever made it', async (t) => {
  const known = new PhaulError('NAME_TAKEN', 'Taken.');
  await t.throwsAsync(half(t, { begin: () => Promise.reject(known) }).begin(), { is: known });
  const theirs = Object.assign(new Error('Taken.'), { code: 'NAME_TAKEN', hint: 'Move it.' });
  await t.throwsAsync(half(t, { begin: () => Promise.reject(theirs) }).begin(), {
    instanceOf: PhaulError,
    code: 'NAME_TAKEN',
    message: 'Taken.',
  });
  const nodes = Object.assign(new Error('EACCES: x'), { code: 'EACCES' });
  await t.throwsAsync(half(t, { begin: () => Promise.reject(nodes) }).begin(), { code: 'DRIVER_FAILED' });
});

test('what takes too long fails at its limit, and what takes long is said', async (t) => {
  const slow = { begin: () => sleep(1100, 'done') };
  const limited = half(t, slow, { kind: 'work', limitMs: 30 });
  const message = 'htype x: begin has not ended after 0.03 s.';
  await t.throwsAsync(limited.begin(), { code: 'DRIVER_FAILED', message });
  const patient = half(t, slow);
  t.is(await patient.begin(), 'done');
  t.regex(patient.log.join(), /^htype x: begin took \d{4} ms\.$/);
  const stream = half(t, slow, { kind: 'work', lasts: true });
  t.is(await stream.begin(), 'done');
  t.deepEqual(stream.log, [], 'what lasts for as long as the other half likes is not slow');
});
