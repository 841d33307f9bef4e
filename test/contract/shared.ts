import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { DriverContext, Json } from '../../src/contracts/context.ts';
import { driverContext } from '../../src/driver-context.ts';
import type { Refusal } from '../../src/errors.ts';

/** What the contract suites have in common. */

export interface Scratch {
  readonly home: string;
  /** A context of its own for each half; all are aborted at the end. */
  readonly context: () => DriverContext;
  readonly aborter: AbortController;
}

export function scratch(t: ExecutionContext): Scratch {
  const home = mkdtempSync('/tmp/phaul-contract-');
  const aborter = new AbortController();
  let contexts = 0;
  t.teardown(() => {
    aborter.abort();
    rmSync(home, { recursive: true, force: true });
  });
  return {
    home,
    aborter,
    context: () => {
      const directory = join(home, `scratch-${++contexts}`);
      mkdirSync(directory);
      return driverContext(directory, aborter.signal, () => undefined);
    },
  };
}

/** Every driver says what it is in the same words. */
export function tellsWhatItIs(
  t: ExecutionContext,
  driver: { kind: string; name: string; apiVersion: number; description: string; capabilities: object },
  kind: string,
): void {
  t.is(driver.kind, kind);
  t.is(driver.apiVersion, 1);
  t.regex(driver.name, /^[a-z][a-z0-9-]{0,30}$/);
  t.regex(driver.description, /^[A-Z].*[^.]$/);
  for (const able of Object.values(driver.capabilities)) t.is(typeof able, 'boolean');
}

/** A refusal is for the user: a code, a sentence, what to do, and where. */
export function areRefusals(
  t: ExecutionContext,
  refusals: readonly Refusal[],
  host: 'source' | 'target',
): void {
  for (const refusal of refusals) {
    t.regex(refusal.code, /^[A-Z_]+$/);
    t.regex(refusal.message, /^.+\.$/s);
    t.true(refusal.hint.length > 0);
    t.is(refusal.host, host);
  }
}

export const overTheWire = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** `value` with each part in turn of another kind, and each path leading elsewhere: what no honest source would send. */
export function* distorted(value: Json): Generator<Json> {
  yield* [null, 'text', -1.5, [], true];
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
      yield put(`${part}/../../../../../../etc/phaul-contract`);
      yield put(part.slice(1));
      yield put(`${part}\0`);
    }
    for (const deeper of parts(part)) yield put(deeper);
  }
}

/** Everything below a directory, to compare: two are equal only if nothing was changed in between. */
export function picture(root: string): string[] {
  const lines: string[] = [];
  const look = (path: string): void => {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (!stat) return;
    const what = stat.isSymbolicLink()
      ? readlinkSync(path)
      : stat.isFile()
        ? readFileSync(path, 'latin1')
        : '';
    const time = stat.isDirectory() ? '' : String(stat.mtimeMs);
    lines.push([path.slice(root.length), stat.mode.toString(8), stat.uid, time, what].join('|'));
    if (stat.isDirectory()) for (const name of readdirSync(path).sort()) look(join(path, name));
  };
  look(root);
  return lines;
}

/** The same without times: for comparing a copy. */
export const contents = (root: string): string[] =>
  picture(root).map((line) => line.split('|').toSpliced(3, 1).join('|'));
