import test from 'ava';
import { ticks } from '../../../src/observe/report/axis.ts';
import { freezeParts } from '../../../src/observe/report/freeze-parts.ts';
import { markup } from '../../../src/observe/report/markup.ts';
import { migrationStory } from '../../../src/observe/report/migration-story.ts';
import { reportPage } from '../../../src/observe/report/page.ts';
import { eventsOf, hostile, hostileRun, runs } from './runs.ts';

test('whatever is put into a page is text', (t) => {
  const { html } = markup`<p title="${`"'`}">${'<b>&'}${null}${[1, markup`<i>${'>'}</i>`]}</p>`;
  t.is(html, '<p title="&quot;&#39;">&lt;b&gt;&amp;1<i>&gt;</i></p>');
});

for (const [most, expected] of [
  [0, [0]],
  [7, [0, 2, 4, 6]],
  [72_000, [0, 20_000, 40_000, 60_000]],
  [13_337, [0, 5000, 10_000]],
] as const)
  test(`an axis to ${most} has round numbers`, (t) => t.deepEqual(ticks(most, 4), [...expected]));

test('the freeze is divided among the acts that it fell into', (t) => {
  const span = { open: false };
  const acts = [
    { act: 'iterate', from: 0, to: 100, ...span },
    { act: 'freeze', from: 100, to: 150, ...span },
    { act: 'restore', from: 150, to: 180, ...span },
    { act: 'commit', from: 180, to: 260, ...span },
    { act: 'release', from: 260, to: 300, ...span },
  ] as const;
  t.deepEqual(freezeParts({ acts, still: { from: 120, to: 200 } }), [
    { act: 'freeze', ms: 30 },
    { act: 'restore', ms: 30 },
    { act: 'commit', ms: 20 },
  ]);
  t.deepEqual(freezeParts({ acts, still: { from: 120, to: null } }), []);
  t.deepEqual(freezeParts({ acts, still: null }), []);
});

for (const run of ['live', 'live-with-iterations', 'revive'] as const)
  test(`of the recorded run ${run} the parts of the freeze are the freeze`, (t) => {
    const story = migrationStory(eventsOf(run));
    const parts = freezeParts(story);
    const sum = parts.reduce((all, { ms }) => all + ms, 0);
    const freezeMs = story.course.freezeMs ?? 0;
    t.true(Math.abs(sum - freezeMs) < freezeMs * 0.05, `${sum} of ${freezeMs}`);
    t.deepEqual(
      parts.map(({ act }) => act),
      ['freeze', 'transfer', 'restore', 'commit'],
    );
  });

test('an act that failed has no end, and is not the last word', (t) => {
  const story = migrationStory(eventsOf('refused'));
  t.like(story.acts.at(-1), { act: 'preflight', open: true, to: story.endMs });
});

for (const run of runs)
  test(`a page of the run ${run} is whole, and needs nothing else`, (t) => {
    const page = reportPage(eventsOf(run));
    t.deepEqual(unbalanced(page), []);
    t.notRegex(page, /NaN|Infinity|undefined|\[object|<script|@import|url\(|(src|href)=/);
    t.regex(page, /<h2>Time line<\/h2>/);
  });

test('every run may be cut off anywhere', (t) => {
  const events = eventsOf('live-with-iterations');
  for (let count = 0; count <= events.length; count += 7) {
    const page = reportPage(events.slice(0, count));
    t.notRegex(page, /NaN|Infinity|undefined/, `${count} events`);
  }
});

test('nothing that a name says becomes part of the page', (t) => {
  const page = reportPage(hostileRun());
  t.deepEqual(unbalanced(page), []);
  t.notRegex(page, /<script|<img|\u202e|" onload/);
  t.true(page.split('&lt;script&gt;').length > 10, 'it is there, as text');
  t.false(page.includes(hostile));
});

test('the numbers that matter are there', (t) => {
  const page = reportPage(eventsOf('live-with-iterations'));
  for (const words of [
    '20010 → b',
    'It worked.',
    '13337',
    '8 is the limit of iterations',
    'In all',
    'restore',
  ])
    t.true(page.includes(words), words);
  t.true(reportPage(eventsOf('refused')).includes('It did not work: '));
});

test('what was expected stands beside what came, and what was not is left out', (t) => {
  const estimate = {
    files: 2 ** 20,
    bytesPerSecond: 2 ** 20,
    writtenPerSecond: null,
    writtenAtLeast: false,
    memory: 5 * 2 ** 20,
    totalMs: null,
    freezeMs: 123,
  };
  const events = eventsOf('live').map((event) =>
    event.type === 'result' && event.ok && 'acts' in event ? { ...event, estimate, movingMs: 4321 } : event,
  );
  const page = reportPage(events);
  const [, table = ''] = /<h2>Estimate and outcome<\/h2>([^]*?)<\/section>/.exec(page) ?? [];
  for (const words of ['Stood still', '123 ms', '5.0 MiB', 'at most 1.0 MiB'])
    t.true(table.includes(words), words);
  t.false(table.includes('From the first copy'));
  // An older release said nothing of it.
  t.false(reportPage(eventsOf('live')).includes('Estimate and outcome'));
});

/** Elements that are not closed, or closed and not open. */
function unbalanced(page: string): string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  const body = page.replace(/<style>[^]*<\/style>/, '');
  for (const [, close, name = '', rest = ''] of body.matchAll(/<(\/?)([a-z][a-z0-9]*)([^>]*)>/g)) {
    if (name === 'meta' || rest.endsWith('/')) continue;
    if (!close) open.push(name);
    else if (open.pop() !== name) wrong.push(name);
  }
  return [...wrong, ...open];
}
