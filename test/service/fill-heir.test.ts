import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { createJournal, journalDirectory } from '../../src/journal/journal.ts';
import { socketPair, socketTypes } from '../../src/linux/socket-pair.ts';
import { bundled } from '../bundle.ts';
import { about } from '../journal/journals.ts';

test('whoever goes on with a fill has done it also where that cannot be written down: nobody is to be killed', async (t) => {
  const migration = randomUUID();
  const [journals, record] = [journalDirectory(migration), mkdtempSync('/tmp/phaul-heir-')];
  mkdirSync(journals, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'phaul-test', journals]);
  const [phauls, theirs] = socketPair(socketTypes.seqpacket);
  // It has died.
  closeSync(phauls);
  t.teardown(() => {
    execFileSync('umount', ['-l', journals]);
    for (const directory of [journals, record]) rmSync(directory, { recursive: true });
  });
  const journal = await createJournal(about(migration, 'target'));
  t.throws(() => {
    for (;;) journal.note({ lost: 'x'.repeat(10) });
  });
  // No memory at all: it comes to its end at once.
  writeFileSync(join(record, 'fill.json'), '[]');
  const heir = spawn(process.execPath, [bundled('src/service/fill-heir'), record, migration], {
    stdio: ['ignore', 'ignore', 'ignore', theirs],
  });
  closeSync(theirs);
  t.deepEqual(await once(heir, 'exit'), [0, null]);
});
