import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { recorder } from '../../src/history/recorder.ts';
import { roomFor } from '../../src/history/room-for.ts';
import type { PhaulEvent } from '../../src/observe/events.ts';
import { event, summary } from '../observe/events.ts';

const start = event({ type: 'start', container: 'ct101', target: 'hostb', mode: 'live' });
const frozen = event({ type: 'frozen' });
const running = event({ type: 'running', freezeMs: 12 });
const result = event({ type: 'result', ok: true, ...summary });

function file(t: ExecutionContext): { path: string; holds: (...events: PhaulEvent[]) => Promise<void> } {
  const directory = mkdtempSync('/tmp/phaul-recorder-');
  t.teardown(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'events.jsonl');
  const holds = async (...events: PhaulEvent[]): Promise<void> => {
    const wanted = events.map((each) => `${JSON.stringify(each)}\n`).join('');
    for (let tries = 0; tries < 5000 && read(path) !== wanted; tries++) await sleep(10);
    t.is(read(path), wanted);
  };
  return { path, holds };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

test('what happened before the history began is in it too', async (t) => {
  const { path, holds } = file(t);
  const { listener, begin } = recorder();
  listener(start);
  begin(path);
  await holds(start);
  listener(result);
  await holds(start, result);
});

test('nothing is written while the container stands still', async (t) => {
  const { path, holds } = file(t);
  const { listener, begin } = recorder();
  begin(path);
  listener(start);
  listener(frozen);
  listener(event({ type: 'log', text: 'in the freeze' }));
  await sleep(100);
  await holds(start);
  listener(running);
  await holds(start, frozen, event({ type: 'log', text: 'in the freeze' }), running);
});

test('a migration that fails in the freeze is written down at its end', async (t) => {
  const { path, holds } = file(t);
  const { listener, begin } = recorder();
  begin(path);
  const undo = event({ type: 'undo', name: 'it failed' });
  listener(frozen);
  listener(undo);
  await sleep(100);
  await holds();
  listener(result);
  await holds(frozen, undo, result);
});

test('a place that cannot be written to harms nobody', async (t) => {
  const { listener, begin } = recorder();
  listener(start);
  begin('/dev/null/events.jsonl');
  listener(result);
  await sleep(50);
  t.pass();
});

test('of a long migration amounts are left out, then everything but the end', (t) => {
  const kept = (type: PhaulEvent['type'], mebibytes: number): boolean =>
    roomFor({ type }, mebibytes * 2 ** 20);
  t.deepEqual([kept('progress', 0.9), kept('progress', 1.1), kept('filling', 1.1)], [true, false, false]);
  t.deepEqual([kept('log', 3.9), kept('log', 4.1), kept('result', 999)], [true, false, true]);
});
