import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { chunked, pick } from '../fuzz/damage.ts';
import { fuzz, inputs, type Random } from '../fuzz/fuzz.ts';
import { serverEnd } from '../rpc/ends.ts';
import { dock, steps } from './dock.ts';

const others: readonly (readonly [string, object])[] = [
  ['survey', { candidates: [] }],
  ['attach', { direct: true }],
  ['arm', {}],
  ['checkpoint', { iteration: 1, last: true }],
  ['fill', {}],
  ['abort', {}],
  ['resume', { migration: '00000000-0000' }],
  ['check', { mode: 'live' }],
  ['commit', { devices: [{ deep: [[[]]] }] }],
];

/** Mostly the way of a migration, with wrong turns. @param stubborn each call comes twice */
function* wandering(
  random: Random,
  stubborn: boolean,
  params: Readonly<Record<string, object>>,
): Generator<[string, object]> {
  let next = 0;
  for (let left = 4 + random() * 8; left > 0; left--) {
    const step = steps[random() < 0.85 ? next++ : Math.floor(random() * steps.length)];
    const call: [string, object] =
      random() < 0.85 && step ? [step, params[step] ?? {}] : [...pick(random, others)];
    yield call;
    if (stubborn) yield call;
  }
}

const within = <T>(promise: Promise<T>, what: string): Promise<T> =>
  Promise.race([
    promise,
    sleep(120_000, null, { ref: false }).then(() => Promise.reject(new Error(`${what} hangs`))),
  ]);

test('calls in any order, with an end at any time, leave a container that is whole, or nothing', async (t) => {
  let landed = 0;
  await fuzz(t, inputs.session, async (random) => {
    const files = random() < 0.9 ? 'have room' : 'have none';
    const s = dock(t, random() < 0.9 ? 'runs' : 'fails', { start: random() < 0.1 }, 'lamp', files);
    const resume = (): Promise<{ outcome: 'unknown' }> => Promise.resolve({ outcome: 'unknown' });
    const end = serverEnd({ ...s.call, resume });
    const answered = async (count: number): Promise<void> => {
      while (end.heard().length < count) await sleep(1);
    };
    let said = 0;
    const stubborn = random() < 0.3;
    const patient = stubborn || random() < 0.7;
    for (const [method, params] of wandering(random, stubborn, s.params)) {
      const frame = Buffer.from(`${JSON.stringify({ id: ++said, method, params })}\n`);
      for (const chunk of chunked(random, [frame])) end.say(chunk);
      if (patient) await within(answered(said), method);
    }
    end.hangUp();
    if ((await within(end.closed, 'the session')) !== null) throw new Error('it took offence at good form');
    await within(s.session.left(), 'the end');
    // A container that is complete waits for somebody's word.
    await within(s.call.abort({}), 'the abort');
    const heard = end.heard();
    for (const { error } of heard) {
      const { code, message } = (error ?? {}) as { code?: string; message?: string };
      if (code === 'INTERNAL') throw new Error(`the answer was ${code}: ${message}`);
    }
    const ids = heard.map(({ id }) => id);
    if (new Set(ids).size < ids.length) throw new Error('a call was answered twice');
    const did = (what: string): number => s.did.filter((deed) => deed === what).length;
    const once = ['swap prepare', 'lamp begin', 'prepare revive', 'start', 'started', 'swap finish'];
    if (once.some((deed) => did(deed) > 1)) throw new Error(`it did something twice: ${s.did.join()}`);
    if (!s.leavesNothing()) throw new Error('its directory is left');
    landed += did('started');
    const undone = did('swap abort') > 0;
    if (did('started') > 0 ? undone : did('swap prepare') > 0 && !undone)
      throw new Error(`neither landed nor undone, or both: ${s.did.join()}`);
  });
  t.true(landed > 0, 'some landed');
});
