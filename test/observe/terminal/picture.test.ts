import test from 'ava';
import { advance, beforeTheStart, type Course } from '../../../src/observe/course.ts';
import type { Happening, PhaulEvent } from '../../../src/observe/events.ts';
import { spark } from '../../../src/observe/spark.ts';
import { picture, type Size } from '../../../src/observe/terminal/picture.ts';
import { clip, span, widthOf } from '../../../src/observe/terminal/spans.ts';
import { event, round } from '../events.ts';

const start = { type: 'start', container: 'ct101', target: 'hostb', mode: 'live' } as const;

function lines(happenings: readonly Happening[], size: Partial<Size> = {}, now = 100): string[] {
  const course = happenings.reduce<Course>(
    (so, what) => advance(so, { ...event(what), ms: 0 } as PhaulEvent),
    beforeTheStart,
  );
  const drawn = picture(course, now, { columns: 90, rows: 20, ...size });
  return drawn.map((line) => line.map(({ text }) => text).join(''));
}

const sent = (expectedPages: number | null, pages = 512): Happening => ({
  type: 'progress',
  iteration: 2,
  pages,
  expectedPages,
  bytes: pages * 2048,
  bytesPerSecond: 2 ** 20,
});

test('what is to go is said where it is known', (t) => {
  t.is(
    lines([start, sent(1024)])[1],
    'iteration 2 ━━━━──── 512 pages (1.0 MiB), ~512 to go (2.0 MiB), 1.0 MiB/s',
  );
  t.is(lines([start, sent(null)])[1], 'iteration 2 512 pages (1.0 MiB), 1.0 MiB/s');
  t.is(
    lines([start, sent(100)])[1],
    'iteration 2 ━━━━━━━━ 512 pages (1.0 MiB), 1.0 MiB/s',
    'there were more than thought',
  );
  t.is(lines([start, sent(0, 0)])[1], 'iteration 2 ──────── 0 pages (0 B), 1.0 MiB/s');
});

test('files that are copied are counted until they are there', (t) => {
  const copying = { type: 'copying', bytes: 3 * 2 ** 30, bytesPerSecond: 2 ** 20 } as const;
  t.is(lines([start, copying])[1], 'files 3.0 GiB copied, 1.0 MiB/s');
  t.is(lines([start, copying], { columns: 25 })[1], 'files 3.0 GiB copied');
  t.is(lines([start, copying, round]).length, 2, 'the round says it itself');
});

test('a round that is over is no longer under way', (t) => {
  t.deepEqual(lines([start, sent(1024), round]).slice(1), ['iterations █ 900 pages']);
});

test('standing still is counted until it runs', (t) => {
  const freeze = [start, { type: 'frozen' }] as const;
  t.is(lines(freeze, {}, 1234).at(-1), 'standing still for 1234 ms');
  t.is(
    lines([...freeze, { type: 'running', freezeMs: 99.7 }], {}, 5000).at(-1),
    'runs on the target, after 100 ms',
  );
  t.is(lines([...freeze, { type: 'left-stopped' }]).length, 1);
});

test('an undoing is what stays when there is one row', (t) => {
  const undone: Happening[] = [start, sent(1024), { type: 'frozen' }, { type: 'undo', name: 'It failed.' }];
  t.deepEqual(lines(undone, { rows: 1 }), ['undoing: It failed.']);
  t.deepEqual(lines(undone.slice(0, 3), { rows: 2 }), [lines([start])[0] ?? '', 'standing still for 100 ms']);
});

test('no line is wider than the terminal, whatever the names are', (t) => {
  const wide = '容器'.repeat(40);
  for (let columns = 1; columns < 60; columns++) {
    const drawn = lines([{ ...start, container: wide }, sent(1024), { type: 'decision', reason: wide }], {
      columns,
    });
    for (const line of drawn) t.true(widthOf([span(line)]) <= columns, `${columns}: ${line}`);
  }
  t.deepEqual(clip([span('容器'), span('abc', 'bold')], 6), [span('容器'), span('a…', 'bold')]);
});

test('names cannot steer the terminal', (t) => {
  const evil = 'x\u001b[2J\nct101\u202e';
  for (const line of lines([
    { ...start, container: evil },
    { type: 'undo', name: evil },
    { type: 'decision', reason: evil },
  ]))
    t.notRegex(line, /[\p{Cc}\u202e]/u);
});

test('a spark line is as high as the largest, and nothing is a dot', (t) => {
  t.is(spark([800, 400, 1, 0]), '█▄▁·');
  t.is(spark([0]), '·');
});
