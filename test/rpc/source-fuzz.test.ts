import test from 'ava';
import { below, chunked, pick } from '../fuzz/damage.ts';
import { fuzz, inputs, mustBeClean, settles, turnOver } from '../fuzz/fuzz.ts';
import { damagedLines } from './damaged-lines.ts';
import { callerEnd } from './ends.ts';
import { released } from './recordings.ts';

test('a target that says anything at all fails the calls with a code, never with a hang', async (t) => {
  let good = 0;
  await fuzz(t, inputs.source, async (random) => {
    const end = callerEnd('');
    const { calls } = pick(random, released);
    const made = calls
      .slice(0, 1 + below(random, calls.length))
      .map(({ method, params }) => end.call(method, params as never));
    for (const chunk of chunked(random, damagedLines(random, released, 'target'))) end.say(chunk);
    if (random() < 0.9) end.hangUp();
    else end.break();
    const outcomes = await settles(Promise.allSettled(made), 'a call');
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') good++;
      else mustBeClean(outcome.reason);
    }
    await turnOver();
    if (end.late() > 0) throw new Error('a notice was heard after the end');
    const late = await settles(Promise.allSettled([end.call('prepare', {})]), 'a call after the end');
    if (late[0].status !== 'rejected') throw new Error('a call after the end was answered');
    end.close();
  });
  t.true(good > inputs.source / 2, 'many an answer was a good one');
});
