import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { dropOldest } from '../../src/history/begin.ts';
import { droppedTally } from '../../src/history/dropped.ts';
import { pasts } from '../../src/history/past.ts';
import type { Story } from '../../src/journal/story.ts';
import { families, type Known } from '../../src/metrics/families.ts';
import { exposed } from '../../src/metrics/text.ts';
import { failure, past, remember } from './past.ts';
import { asPrometheusReads, strictly } from './strict.ts';

const nothing: Known = { pasts: [], dropped: {}, stories: [] };
const text = (known: Partial<Known>): string =>
  families({ ...nothing, ...known })
    .map(exposed)
    .join('');

const some = [
  past({ migration: 'aaaaaaaa' }, { freezeMs: 153.4 }),
  past({ migration: 'bbbbbbbb', until: '2026-01-03T00:00:00.250Z' }, { freezeMs: 700 }),
  past({ migration: 'cccccccc', mode: 'revive' }, { mode: 'revive', freezeMs: 90_000 }),
  past({ migration: 'dddddddd', role: 'target' }, null),
  { ...past({ migration: 'eeeeeeee', moved: false }), result: failure('CANCELLED', 130) },
  { ...past({ migration: 'ffffffff', moved: false }), result: failure('NAME_TAKEN', 3) },
  past({ migration: 'gggggggg', role: 'target', lost: 'It was killed.' }, null),
];

for (const [title, known] of [
  ['no migration', {}],
  ['some', { pasts: some }],
] as const)
  test(`Prometheus can read the metrics of ${title}`, (t) => {
    const values = strictly(text(known));
    t.true(values.size > 60);
    t.deepEqual(asPrometheusReads(text(known)), values);
  });

test('migrations are counted by what the host was in them and what came of them', (t) => {
  const values = strictly(text({ pasts: some }));
  const count = (side: string, mode: string, outcome: string): number | undefined =>
    values.get(`phaul_migrations_total{side="${side}",mode="${mode}",outcome="${outcome}"}`);
  t.is(count('source', 'live', 'moved'), 2);
  t.is(count('source', 'revive', 'moved'), 1);
  t.is(count('target', 'live', 'moved'), 1);
  t.is(count('source', 'live', 'cancelled'), 1);
  t.is(count('source', 'live', 'refused'), 1);
  t.is(count('target', 'live', 'lost'), 1);
  t.is(count('target', 'live', 'failed'), 0, 'before the first one');
});

test('how long containers stood still is a histogram, in seconds', (t) => {
  const values = strictly(text({ pasts: some }));
  const upTo = (le: string): number | undefined =>
    values.get(`phaul_freeze_seconds_bucket{mode="live",le="${le}"}`);
  t.deepEqual(['0.1', '0.25', '0.5', '1', '60', '+Inf'].map(upTo), [0, 1, 1, 2, 2, 2]);
  t.is(values.get('phaul_freeze_seconds_bucket{mode="revive",le="60"}'), 0);
  t.is(values.get('phaul_freeze_seconds_bucket{mode="revive",le="+Inf"}'), 1);
  t.is(values.get('phaul_freeze_seconds_sum{mode="live"}'), 0.1534 + 0.7);
  t.is(values.get('phaul_last_freeze_seconds{mode="live"}'), 0.7);
  t.is(values.get('phaul_migration_duration_seconds_bucket{mode="revive",le="10"}'), 1);
  t.is(values.get('phaul_sent_bytes_total{mode="live",kind="memory"}'), 2 * 2048 * 4096);
  t.is(
    values.get('phaul_last_migration_end_timestamp_seconds{side="source",mode="live",outcome="moved"}'),
    Date.parse('2026-01-03T00:00:00.250Z') / 1000,
  );
});

test('what has not ended is a gauge, and what waits for a word', (t) => {
  const story = (role: string, state: string): Story => ({ role, state }) as Story;
  const stories = [story('source', 'open'), story('source', 'handed'), story('target', 'ready')];
  const values = strictly(text({ stories }));
  t.is(values.get('phaul_migrations_open{side="source"}'), 2);
  t.is(values.get('phaul_migrations_in_doubt{side="source"}'), 1);
  t.is(values.get('phaul_migrations_in_doubt{side="target"}'), 1);
});

test('sums do not shrink when old migrations are forgotten, nor when what was kept of them is damaged', async (t) => {
  const base = mkdtempSync('/tmp/phaul-metrics-');
  t.teardown(() => rmSync(base, { recursive: true }));
  for (const [age, each] of some.entries()) remember(base, each, age);
  const now = async (): Promise<string> =>
    text({ pasts: await pasts(base), dropped: droppedTally(base) })
      .split('\n')
      .filter((line) => !line.includes('phaul_last_'))
      .map((line) => line.replace(/\.\d+$/, ''))
      .join('\n');
  const before = await now();
  await dropOldest(4, base);
  t.is((await pasts(base)).length, 4);
  t.is(await now(), before);
  await dropOldest(1, base);
  t.is(await now(), before);
  writeFileSync(join(base, 'totals.json'), '{"phaul_migrations_total{x=\\"y\\"} 1\\nevil": 1}');
  t.deepEqual(droppedTally(base), {});
});
