import { randomUUID } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { beginHistory, dropOldest } from '../../src/history/begin.ts';
import { readEnd } from '../../src/history/end.ts';
import { keepLogs } from '../../src/history/logs.ts';
import { historyDirectory } from '../../src/history/places.ts';
import { createJournal } from '../../src/journal/journal.ts';
import { createWorkspace } from '../../src/workspace.ts';
import { about } from '../journal/journals.ts';

function scratch(t: ExecutionContext): string {
  const directory = mkdtempSync('/tmp/phaul-history-');
  t.teardown(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** A migration of this test, whose history has begun. */
function begun(t: ExecutionContext): { migration: string; directory: string } {
  const migration = randomUUID();
  const directory = historyDirectory(migration, 'source');
  beginHistory(migration, 'source');
  t.teardown(() => rmSync(directory, { recursive: true }));
  return { migration, directory };
}

test('of a journal remains how the migration ended, and when', async (t) => {
  const { migration, directory } = begun(t);
  const journal = await createJournal(about(migration));
  t.is(readEnd(directory), null);
  await journal.record('landed');
  journal.remove();
  journal.remove();
  const end = readEnd(directory);
  t.like(end, {
    migration,
    role: 'source',
    container: `box-${migration}`,
    peer: 'hostb',
    moved: true,
    lost: null,
  });
  t.true(Date.parse(end?.until ?? '') >= Date.parse(end?.since ?? ''));
});

test('one that was undone did not move', async (t) => {
  const { migration, directory } = begun(t);
  const journal = await createJournal(about(migration));
  await journal.record('asked');
  journal.remove();
  t.false(readEnd(directory)?.moved);
});

test('nothing remains of a rehearsal', async (t) => {
  const migration = randomUUID();
  const journal = await createJournal(about(migration));
  journal.remove();
  t.is(statSync(historyDirectory(migration, 'source'), { throwIfNoEntry: false }), undefined);
});

test("CRIU's logs outlive the working directory, with the time at which they were written", async (t) => {
  const { migration, directory } = begun(t);
  const journal = await createJournal(about(migration));
  t.teardown(journal.remove);
  const workspace = await createWorkspace(journal, { imagePath: undefined, keepImages: false });
  const then = new Date('2026-01-02T03:04:05.678Z');
  for (const [dump, name] of [
    ['1', 'pre-dump.log'],
    ['2', 'dump.log'],
    ['2', 'pages.img'],
  ] as const) {
    mkdirSync(join(workspace.images, dump), { recursive: true });
    writeFileSync(join(workspace.images, dump, name), `${dump} ${name}`);
    utimesSync(join(workspace.images, dump, name), then, then);
  }
  await workspace.remove();
  t.deepEqual(readdirSync(directory).sort(), ['dump.log', 'pre-dump-1.log']);
  t.is(readFileSync(join(directory, 'dump.log'), 'utf8'), '2 dump.log');
  t.deepEqual(statSync(join(directory, 'dump.log')).mtime, then);
});

test('a long log loses its middle, and one that was kept whole stays', async (t) => {
  const directory = scratch(t);
  const [images, history] = [join(directory, 'images'), join(directory, 'history')];
  for (const dump of ['1', '2']) mkdirSync(join(images, dump), { recursive: true });
  mkdirSync(history);
  writeFileSync(join(images, '1', 'pre-dump.log'), `first${'x'.repeat(2 ** 20)}last`);
  writeFileSync(join(images, '2', 'dump.log'), 'short');
  writeFileSync(join(history, 'dump.log'), 'whole');
  await keepLogs(images, history);
  const long = readFileSync(join(history, 'pre-dump-1.log'), 'utf8');
  t.regex(long, /^firstx+\n… 786441 bytes are left out here …\nx+last$/);
  t.true(long.length < 257 * 2 ** 10);
  t.is(readFileSync(join(history, 'dump.log'), 'utf8'), 'whole');
});

test('the oldest are dropped, and nothing else', async (t) => {
  const base = scratch(t);
  const ids = [1, 2, 3, 4].map((age) => `${randomUUID().slice(9)}-${age}`);
  for (const [age, id] of ids.entries()) {
    const path = join(base, `${id}-${age % 2 ? 'source' : 'target'}`);
    mkdirSync(path);
    utimesSync(path, 1000 - age, 1000 - age);
  }
  mkdirSync(join(base, 'somebody else'));
  await dropOldest(2, base);
  const left = readdirSync(base).filter((name) => name !== 'totals.json');
  t.deepEqual(left.sort(), [`${ids[0]}-target`, `${ids[1]}-source`, 'somebody else'].sort());
});
