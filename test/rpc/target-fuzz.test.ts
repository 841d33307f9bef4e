import test from 'ava';
import { codes } from '../../src/error-codes.ts';
import { PhaulError } from '../../src/errors.ts';
import type { Handlers, Method } from '../../src/rpc/methods.ts';
import { type Phase, phaseKeeper } from '../../src/service/phase.ts';
import { chunked } from '../fuzz/damage.ts';
import { fuzz, inputs, type Random, settles, turnOver } from '../fuzz/fuzz.ts';
import { damagedLines } from './damaged-lines.ts';
import { noHandlers, serverEnd } from './ends.ts';
import { released } from './recordings.ts';

const phases: Readonly<Record<Method, readonly [from: Phase, to?: Phase]>> = {
  hello: ['new', 'greeted'],
  survey: ['greeted'],
  check: ['greeted', 'checked'],
  begin: ['checked', 'begun'],
  attach: ['begun'],
  prepare: ['begun', 'prepared'],
  arm: ['prepared', 'armed'],
  standBy: ['armed', 'standby'],
  takeOver: ['standby', 'taken'],
  checkpoint: ['armed', 'restored'],
  ready: ['prepared', 'restored'],
  commit: ['restored', 'committed'],
  fill: ['committed'],
  finish: ['committed', 'finished'],
  abort: ['checked', 'aborted'],
  resume: ['greeted'],
  logs: ['greeted'],
};

/** A session's order of calls, and nothing behind it: each answers what was answered when it was recorded, at once or later, or fails. */
function orderly(random: Random, handled: () => void): Handlers {
  const phase = phaseKeeper();
  const results = new Map(
    released.flatMap(({ calls }) => calls.map(({ method, result }) => [method, result])),
  );
  const handle =
    (method: Method) =>
    async (params: unknown): Promise<unknown> => {
      handled();
      if (typeof params !== 'object' || params === null) throw new Error('parameters of no form came in');
      const [from, to] = phases[method];
      phase.demand(from);
      if (random() < 0.2) await turnOver();
      if (random() < 0.05) throw new PhaulError('DRIVER_FAILED', 'It failed.');
      if (to) phase.enter(to);
      return results.get(method) ?? {};
    };
  const methods = Object.keys(noHandlers) as Method[];
  return Object.fromEntries(methods.map((method) => [method, handle(method)])) as unknown as Handlers;
}

test('a source that says anything at all is answered with a result or a code, or the session closes', async (t) => {
  await fuzz(t, inputs.target, async (random) => {
    let handled = 0;
    const end = serverEnd(orderly(random, () => handled++));
    const chunks = chunked(random, damagedLines(random, released, 'source'));
    for (const chunk of chunks) end.say(chunk);
    if (random() < 0.9) end.hangUp();
    else end.break();
    const reason = await settles(end.closed, 'the session');
    const before = handled;
    if (reason && reason.code !== 'PROTOCOL_ERROR') throw reason;
    // Calls that were begun may still be answered; none is begun.
    for (let turn = 0; turn < 5; turn++) await turnOver();
    if (handled > before) throw new Error('a call was handled after the end');
    const heard = end.heard();
    if (heard.length > before + Buffer.concat(chunks).length / 20) throw new Error('it says too much');
    for (const { error } of heard) if (error) clean(error as Record<string, string>);
  });
});

/** @throws unless that is a failure that users may see */
function clean({ code = '', message = '' }: Record<string, string>): void {
  if (code === 'INTERNAL' || !(code in codes)) throw new Error(`the answer was ${code}: ${message}`);
  if (/\n|at .*\.ts/.test(message)) throw new Error(`a failure with a stack: ${message}`);
}

test('a session that nothing happens to is answered to its end', async (t) => {
  for (const recording of released) {
    const end = serverEnd(
      orderly(
        () => 1,
        () => undefined,
      ),
    );
    for (const { from, text } of recording.lines) {
      if (from === 'source') end.say(`${text}\n`);
      for (let turn = 0; turn < 5; turn++) await turnOver();
    }
    t.deepEqual(
      end.heard().map(({ id }) => id),
      recording.calls.map(({ id }) => id),
    );
    t.true(end.heard().every(({ result }) => result));
    end.hangUp();
    t.is(await end.closed, null);
  }
});
