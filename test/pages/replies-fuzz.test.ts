import { PassThrough } from 'node:stream';
import test from 'ava';
import { type Reply, readReplies } from '../../src/pages/replies.ts';
import { below, chunked, damaged, pick } from '../fuzz/damage.ts';
import { fuzz, inputs, mustBeClean, type Random, settles, turnOver } from '../fuzz/fuzz.ts';
import { nearEnd } from './near-end.ts';

/** Replies as a target says them, up to damage. */
function replies(random: Random): Buffer[] {
  const errors = [
    { error: { code: 'DISK_FULL', message: 'Kein Platz für 🚚.', hint: 'x', logLine: 'l' } },
    { error: { code: 'OF_TOMORROW', message: 'New.' } },
    { stored: '1' },
    { stored: 1.5 },
    { stored: -1 },
    { loaded: 1 },
    { __proto__: null, stored: 2 ** 60 },
    [],
    null,
  ];
  const lines: unknown[] = Array.from({ length: below(random, 5) }, (_, index) => ({ stored: index + 1 }));
  if (random() < 0.5) lines.splice(below(random, lines.length + 1), 0, pick(random, errors));
  if (random() < 0.01) lines.push({ stored: 1, more: 'x'.repeat(2 ** 16) });
  const texts = lines.map((line) => `${JSON.stringify(line)}\n`);
  if (random() < 0.01) texts.push('[{"__proto__":'.repeat(5000));
  return damaged(
    random,
    texts.map((text) => Buffer.from(text)),
  );
}

test('whatever replies come, they are heard up to the first error, which has a code', async (t) => {
  await fuzz(t, inputs.replies, async (random) => {
    const stream = new PassThrough();
    const heard: Reply[] = [];
    readReplies(stream, (reply) => heard.push(reply));
    const said = chunked(random, replies(random));
    for (const chunk of said) stream.write(chunk);
    stream.end();
    await settles(new Promise((resolve) => stream.on('end', resolve)), 'the stream');
    if (heard.slice(0, -1).some((reply) => 'error' in reply))
      throw new Error('it heard what came behind an error');
    const last = heard.at(-1);
    if (last && 'error' in last) mustBeClean(last.error);
    if (heard.length > Buffer.concat(said).toString().split('\n').length)
      throw new Error('it heard too much');
  });
});

test('whatever the target replies, a dump is stored or fails with a code', async (t) => {
  await fuzz(t, inputs.stored, async (random) => {
    const undo: (() => unknown)[] = [];
    const { source, say, target } = nearEnd({ teardown: (step) => undo.push(step) });
    source.begin(1);
    for (const chunk of chunked(random, replies(random))) say(chunk);
    target.end();
    const dumps = Promise.allSettled([source.stored(1), source.stored(2)]);
    const outcomes = await settles(dumps, 'a dump').finally(() => undo.forEach((step) => step()));
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') throw new Error('a dump was stored that was not sent');
      mustBeClean(outcome.reason);
    }
    await turnOver();
  });
});
