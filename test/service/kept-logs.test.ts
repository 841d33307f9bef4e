import { randomUUID } from 'node:crypto';
import { rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { beginHistory } from '../../src/history/begin.ts';
import { writeEnd } from '../../src/history/end.ts';
import { historyDirectory } from '../../src/history/places.ts';
import { keptLogs, shortened } from '../../src/service/kept-logs.ts';

test('a target tells what it remembers of a migration, and when its logs ended', async (t) => {
  const migration = randomUUID();
  beginHistory(migration, 'target');
  const directory = historyDirectory(migration, 'target');
  t.teardown(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, 'restore.log'), '(00.000000) Version\n');
  utimesSync(join(directory, 'restore.log'), 1000, 2000);
  const since = '2026-01-02T03:04:05.678Z';
  const about = { htype: 'runc', container: 'ct101', mode: 'live', peer: 'hosta', lost: null } as const;
  writeEnd({ migration, role: 'target', since, moved: true, ...about });
  const { span, logs } = await keptLogs(migration, Date.now());
  t.is(span?.since, since);
  t.deepEqual(logs, [{ name: 'restore', text: '(00.000000) Version\n', written: 2_000_000 }]);
});

test('of one that it does not know it tells nothing', async (t) => {
  const { span, logs } = await keptLogs(randomUUID(), 5);
  t.deepEqual([span, logs], [null, []]);
});

test('what does not fit in a frame loses its middle', (t) => {
  t.is(shortened('short', 100), 'short');
  for (const text of [
    'x'.repeat(10_000),
    '\u0001'.repeat(10_000),
    `${'x'.repeat(9000)}${'"'.repeat(1000)}`,
  ]) {
    const cut = shortened(text, 2000);
    t.true(JSON.stringify(cut).length <= 2000);
    t.regex(cut, /\n… \d+ characters are left out here …\n/);
    t.is(cut.at(-1), text.at(-1));
  }
});
