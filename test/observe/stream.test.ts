import { readdirSync, readFileSync } from 'node:fs';
import test from 'ava';
import { emitter } from '../../src/observe/emitter.ts';
import type { PhaulEvent } from '../../src/observe/events.ts';
import { jsonLines } from '../../src/observe/json-lines.ts';
import { event, round } from './events.ts';
import { validEvent, wholeRun } from './whole-run.ts';

test('every event is one line of JSON that says all', (t) => {
  const written: string[] = [];
  const listener = jsonLines((line) => written.push(line));
  const events = [
    event(round),
    event({ type: 'log', text: 'two\nlines \u2028' }, 'target'),
    event({ type: 'left-stopped' }),
  ];
  for (const each of events) listener(each);
  t.is(written.length, 3);
  for (const line of written) t.regex(line, /^\{[^\n]*\}\n$/);
  t.deepEqual(
    written.map((line) => JSON.parse(line) as PhaulEvent),
    events,
  );
});

test('every listener gets every event, stamped with who, when and where', (t) => {
  const [one, two]: PhaulEvent[][] = [[], []];
  const emit = emitter('aaaaaaaa', [(each) => one?.push(each), (each) => two?.push(each)]);
  emit({ type: 'start', container: 'ct101', target: 'hostb', mode: 'live' });
  emit({ type: 'act-begin', act: 'commit' });
  emit({ type: 'running', freezeMs: 1 }, 'target');
  t.deepEqual(one, two);
  t.like(one?.[0], { version: 1, type: 'start', migration: 'aaaaaaaa', host: 'source', act: null });
  t.like(one?.[2], { host: 'target', act: 'commit' });
  for (const each of one ?? []) t.notThrows(() => validEvent(JSON.stringify(each)));
  t.regex(one?.[0]?.time ?? '', /^\d{4}-\d\d-\d\dT.*Z$/);
  t.true((one?.[1]?.ms ?? -1) >= (one?.[0]?.ms ?? 0));
});

const runs = new URL('runs/', import.meta.url);
for (const name of readdirSync(runs))
  test(`the recorded run ${name} is as documented`, (t) => {
    const events = wholeRun(readFileSync(new URL(name, runs), 'utf8'));
    t.is(events[0]?.type, 'start');
    for (const [index, { ms, act, type }] of events.entries()) {
      t.true(ms >= (events[index - 1]?.ms ?? 0));
      t.is(act, type === 'act-begin' ? act : (events[index - 1]?.act ?? null));
    }
  });

test('a run with anything else on stdout, or without one result at its end, is not as documented', (t) => {
  const lines = readFileSync(new URL('unknown.jsonl', runs), 'utf8').split('\n').slice(0, -1);
  const [start = '', begin = '', result = ''] = lines;
  const wrong: readonly (readonly string[])[] = [
    [],
    [start, begin],
    [result, start],
    [...lines, result],
    ['hello', ...lines],
    [start.replace('"ct999"', '7'), begin, result],
    [start.replace('{', '{"more":1,'), begin, result],
    [start.replace(/"migration":"[^"]*"/, '"migration":"other"'), begin, result],
  ];
  t.is(lines.length, 3);
  for (const run of wrong)
    t.throws(() => wholeRun(run.map((line) => `${line}\n`).join('')), undefined, run.join('\n'));
  t.throws(() => wholeRun(lines.join('\n')), undefined, 'the last line has no end');
});
