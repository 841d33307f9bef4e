import assert from 'node:assert/strict';
import type { Json } from '../contracts/context.ts';
import { type Driver, driverApi, type DriverKind, driverName } from '../contracts/driver.ts';
import { codes } from '../error-codes.ts';
import type { HostRole, Refusal } from '../errors.ts';
import { type Check, check } from './check.ts';

/** Every driver says what it is in the same words. */
export function saysWhatItIs(driver: Driver<DriverKind, object>, kind: DriverKind): Check {
  return check('it says what it is', () => {
    assert.equal(driver.kind, kind);
    assert.equal(driver.apiVersion, driverApi);
    assert.match(driver.name, driverName);
    assert.match(driver.description, /^[A-Z].*[^.]$/);
    for (const able of Object.values(driver.capabilities)) assert.equal(typeof able, 'boolean');
    for (const command of driver.programs ?? [])
      assert.ok(command.length > 0 && command.every((word) => typeof word === 'string'));
    return Promise.resolve();
  });
}

/** A refusal is for the user: a code, a sentence, what to do, and where. */
export function areRefusals(refusals: readonly Refusal[], host: HostRole): void {
  assert.ok(Array.isArray(refusals));
  for (const refusal of refusals) {
    assert.ok(Object.hasOwn(codes, refusal.code), `${refusal.code} is not a code of phaul's`);
    assert.match(refusal.message, /^.+\.$/s);
    assert.ok(refusal.hint.length > 0, 'it has a hint');
    assert.equal(refusal.host, host);
  }
}

export const overTheWire = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** That it goes over the wire as it is. */
export function travels(value: unknown): void {
  assert.deepEqual(overTheWire(value), value);
}

/** That `work` throws, with that code; gives what it threw. */
export async function throws(work: () => unknown, code: string, what = ''): Promise<{ details?: unknown }> {
  const thrown: unknown = await Promise.resolve()
    .then(work)
    .then(
      () => assert.fail(`it does not throw ${code} ${what}`),
      (error: unknown) => error,
    );
  assert.equal((thrown as { code?: unknown }).code, code, `${String(thrown)} ${what}`);
  return thrown as { details?: unknown };
}

/** `value` with each part in turn of another kind, and each path leading elsewhere: what no honest source would send. */
export function* distorted(value: Json): Generator<Json> {
  yield* [null, 'text', -1.5, [], true].filter((other) => other !== value);
  yield* parts(value);
}

function* parts(value: Json): Generator<Json> {
  if (value === null || typeof value !== 'object') return;
  const keys = Array.isArray(value) ? [...value.keys()].map(String) : Object.keys(value);
  for (const key of keys) {
    const part = (value as Record<string, Json>)[key] ?? null;
    const put = (other: Json): Json =>
      Array.isArray(value)
        ? value.map((each: Json, at) => (String(at) === key ? other : each))
        : { ...(value as Readonly<Record<string, Json>>), [key]: other };
    yield put(typeof part === 'object' && part !== null ? 'text' : { '\0': 1 });
    if (typeof part === 'string' && part.startsWith('/')) {
      yield put(`${part}/../../../../../../etc/phaul-check`);
      yield put(part.slice(1));
      yield put(`${part}\0`);
    }
    for (const deeper of parts(part)) yield put(deeper);
  }
}
