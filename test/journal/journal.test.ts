import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import {
  createJournal,
  isKept,
  type Journal,
  journalDirectory,
  stories,
  takeOverJournal,
} from '../../src/journal/journal.ts';
import { readStory } from '../../src/journal/story.ts';
import { about, newJournal } from './journals.ts';

const fileOf = ({ migration, role }: Journal): string => join(journalDirectory(migration), `${role}.jsonl`);

test('what is written is read again, the last word of each kind', async (t) => {
  const journal = await newJournal(t);
  journal.note({ act: 'freeze' });
  await journal.record('asked', { tree: { pid: 7, start: '8', criu: null } });
  journal.note({ act: 'commit' });
  await journal.record('handed');
  const story = (await stories()).find(({ migration }) => migration === journal.migration);
  t.deepEqual(story, journal.story());
  t.like(story, { state: 'handed', act: 'commit', peer: 'hostb', tree: { pid: 7, start: '8' } });
});

test('a will is what is noted and has not been taken back, also of two alike', async (t) => {
  const journal = await newJournal(t);
  journal.will('undone', 'same', ['a b', 'c"d']);
  const takeBack = journal.will('undone', 'same', ['a b', 'c"d']);
  journal.will('moved', 'other', []);
  takeBack();
  takeBack();
  t.deepEqual(
    journal.story().wills.map(({ when, command }) => [when, ...command]),
    [
      ['undone', 'same', 'a b', 'c"d'],
      ['moved', 'other'],
    ],
  );
});

test('a record that was cut off was never made', async (t) => {
  const journal = await newJournal(t);
  await journal.record('asked');
  appendFileSync(fileOf(journal), '{"state":"handed"}');
  t.is(journal.story().state, 'asked');
  t.is(readStory(''), null);
  t.is(readStory('{"head":{"format":1,"pha'), null);
});

test('what was cut off takes nothing of what comes next with it, and does not count then either', async (t) => {
  const journal = await newJournal(t);
  const { migration } = journal;
  await journal.record('asked');
  appendFileSync(fileOf(journal), '{"state":"handed"}');
  journal.close();
  const next = takeOverJournal(migration, 'source');
  next?.note({ act: 'release' });
  t.like(next?.story(), { state: 'asked', act: 'release' });
});

test('so it is where the disk was full for a moment', async (t) => {
  const migration = randomUUID();
  const directory = journalDirectory(migration);
  mkdirSync(directory, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'phaul-test', directory]);
  t.teardown(() => {
    execFileSync('umount', ['-l', directory]);
    rmSync(directory, { recursive: true });
  });
  const journal = await createJournal(about(migration));
  const long = 'x'.repeat(300);
  t.throws(() => {
    for (;;) journal.will('undone', long, []);
  });
  execFileSync('mount', ['-o', 'remount,size=8k', directory]);
  await journal.record('landed');
  t.is(journal.story().state, 'landed');
  journal.close();
});

test('a journal is of one process at a time, and outlives each', async (t) => {
  const journal = await newJournal(t);
  const { migration } = journal;
  t.true(isKept(migration, 'source'));
  t.is(takeOverJournal(migration, 'source'), null);
  journal.will('undone', 'one', []);
  journal.close();
  t.false(isKept(migration, 'source'));
  const next = takeOverJournal(migration, 'source');
  next?.will('undone', 'two', [])();
  t.deepEqual(
    next?.story().wills.map(({ command }) => command),
    [['one']],
    'numbers go on',
  );
  next?.remove();
  t.false(existsSync(journalDirectory(migration)));
  t.is(takeOverJournal(migration, 'source'), null);
});

test('both roles of a host have journals beside each other', async (t) => {
  const journal = await newJournal(t);
  const target = join(journalDirectory(journal.migration), 'target.jsonl');
  writeFileSync(target, readFileSync(fileOf(journal)));
  journal.remove();
  t.true(existsSync(target));
  takeOverJournal(journal.migration, 'target')?.remove();
  t.false(existsSync(journalDirectory(journal.migration)));
});
