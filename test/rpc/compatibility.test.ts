import test from 'ava';
import { PhaulError } from '../../src/errors.ts';
import { type Handlers, protocolVersion } from '../../src/rpc/methods.ts';
import { targetSession } from '../../src/service/session.ts';
import { callerEnd, noHandlers, serverEnd, settle } from './ends.ts';
import { recordings, released } from './recordings.ts';

/** What of `said` is not in `understood`, as paths; more in there is a newer release's. */
function lost(said: unknown, understood: unknown, path = ''): string[] {
  if (typeof said !== 'object' || said === null) return said === understood ? [] : [path];
  if (typeof understood !== 'object' || understood === null) return [path];
  return Object.entries(said).flatMap(([key, value]) =>
    lost(value, (understood as Record<string, unknown>)[key], `${path}.${key}`),
  );
}

test('this version has been recorded in both modes', (t) => {
  const own = recordings.filter(({ protocol }) => protocol === protocolVersion);
  t.deepEqual(own.map(({ name }) => name).sort(), [
    `protocol-${protocolVersion}-live`,
    `protocol-${protocolVersion}-revive`,
  ]);
});

for (const { name, calls, protocol } of recordings)
  test(`${name}: its hello is understood, whatever the versions`, async (t) => {
    const [hello] = calls;
    t.like(hello?.params, { protocol });
    const said = targetSession(() => undefined).handlers.hello(hello?.params as never);
    const refusal = await said.then(
      () => null,
      (error: unknown) => error,
    );
    if (protocol === protocolVersion) t.is(refusal, null);
    else t.is((refusal as PhaulError).code, 'PROTOCOL_VERSION');
  });

for (const recording of released) {
  const { name, calls } = recording;

  test(`${name}: it goes from hello to finish`, (t) => {
    t.deepEqual([calls.at(0)?.method, calls.at(-1)?.method], ['hello', 'finish']);
  });

  test(`${name}: the target understands every word of that source`, async (t) => {
    const understood: { method: string; params: unknown }[] = [];
    const answers = calls.map(({ result }) => result);
    const handle = (method: string) => (params: unknown) => {
      understood.push({ method, params });
      return Promise.resolve(answers[understood.length - 1]);
    };
    const handlers = Object.fromEntries(Object.keys(noHandlers).map((method) => [method, handle(method)]));
    const end = serverEnd(handlers as unknown as Handlers);
    for (const { from, text } of recording.lines) {
      if (from !== 'source') continue;
      end.say(`${text}\n`);
      await settle();
    }
    end.hangUp();
    t.is(await end.closed, null);
    t.deepEqual(
      understood.map(({ method }) => method),
      calls.map(({ method }) => method),
    );
    t.deepEqual(
      lost(
        calls.map(({ params }) => params),
        understood.map(({ params }) => params),
      ),
      [],
    );
    t.deepEqual(
      end.heard(),
      calls.map(({ id, result }) => ({ id, result })),
    );
  });

  test(`${name}: the source understands every word of that target`, async (t) => {
    const end = callerEnd('');
    const results = calls.map(({ method, params }) => end.call(method, params as never));
    for (const { from, text } of recording.lines) if (from === 'target') end.say(`${text}\n`);
    end.hangUp();
    t.deepEqual(
      lost(
        calls.map(({ result }) => result),
        await Promise.all(results),
      ),
      [],
    );
    const notices = recording.lines.filter(({ text }) => /"notice":"(?!alive)/.test(text));
    t.is(end.log.length, notices.length);
  });
}
