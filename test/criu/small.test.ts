import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { causeInLog } from '../../src/criu/log.ts';
import { pageCounter, readStats } from '../../src/criu/stats.ts';
import { statsFile } from './codec.ts';

function scratch(t: ExecutionContext): string {
  const directory = mkdtempSync('/tmp/phaul-criu-');
  t.teardown(() => rmSync(directory, { recursive: true }));
  return directory;
}

const dump = {
  freezing_time: 1200,
  frozen_time: 90_000,
  memdump_time: 3,
  memwrite_time: 4,
  pages_scanned: 2 ** 40,
  pages_skipped_parent: 5,
  pages_written: 6,
  pages_lazy: 0,
  shpages_written: 7,
};

test("CRIU's statistics are read, numbers beyond 32 bits too", async (t) => {
  const directory = scratch(t);
  writeFileSync(join(directory, 'stats-dump'), statsFile({ dump }));
  t.deepEqual((await readStats(directory, 'dump')).dump, dump as never);
  const restore = {
    pages_compared: 1,
    pages_skipped_cow: 2,
    forking_time: 3,
    restore_time: 4,
    pages_restored: 5,
  };
  writeFileSync(
    join(directory, 'stats-restore'),
    Buffer.concat([statsFile({ restore }), Buffer.alloc(8, 255)]),
  );
  t.deepEqual((await readStats(directory, 'restore')).restore, restore as never);
});

test('the pages of each dump are counted by themselves, whether CRIU adds them up or not', async (t) => {
  const directory = scratch(t);
  const count = pageCounter();
  const counted = async (written: number, skipped: number): Promise<unknown> => {
    const stats = { ...dump, pages_written: written, pages_skipped_parent: skipped, shpages_written: 0 };
    writeFileSync(join(directory, 'stats-dump'), statsFile({ dump: stats }));
    return count(directory);
  };
  t.deepEqual(await counted(16_401, 0), { written: 16_401, skipped: 0 });
  t.deepEqual(await counted(17_113, 15_689), { written: 712, skipped: 15_689 });
  t.deepEqual(await counted(17_170, 32_033), { written: 57, skipped: 16_344 });
  t.deepEqual(await counted(60, 16_341), { written: 60, skipped: 16_341 });
  rmSync(join(directory, 'stats-dump'));
  t.deepEqual(await count(directory), { written: 0, skipped: 0 });
});

// The container may run already when they are read: they must never be what fails a migration.
const useless = test.macro({
  exec: async (t, bytes: Buffer | null) => {
    const directory = scratch(t);
    if (bytes) writeFileSync(join(directory, 'stats-restore'), bytes);
    t.deepEqual(await readStats(directory, 'restore'), {});
  },
  title: (what) => `${what} gives no statistics, and no error`,
});
test('no file', useless, null);
test('an empty file', useless, Buffer.alloc(0));
test('a file cut off in its header', useless, statsFile({ dump }).subarray(0, 11));
test('a file cut off in its entry', useless, statsFile({ dump }).subarray(0, 20));
test('a file of something else', useless, Buffer.alloc(64, 0xff));

const log = test.macro({
  exec: async (t, text: string, line: string | undefined) => {
    const path = join(scratch(t), 'dump.log');
    writeFileSync(path, text);
    t.is(await causeInLog(path), line);
  },
  title: (what) => `the cause in a log ${what}`,
});
const cause = "(00.012345) Error (criu/files-reg.c:1816): Can't lookup mount=22 for fd=1 path=/tmp/x";
test(
  'is its first error',
  log,
  `(00.01) Warn  (x.c:1): no\n${cause}\n(00.02) Error (criu/cr-dump.c:1): after\n`,
  cause,
);
test(
  'is not the harmless line that comes first on some machines',
  log,
  `(00.00) Error (criu/crtools.c:1): Can't setup RLIMIT_NOFILE for self\n${cause}\n`,
  cause,
);
test(
  'is not the last line, which only says that it failed',
  log,
  '(1) Error (criu/cr-dump.c:9): Dumping FAILED.\n',
  undefined,
);
test('is missing where there is no error', log, '(00.01) all is well\n', undefined);

test('a log that cannot be read has no cause', async (t) => {
  t.is(await causeInLog('/nonexistent/log'), undefined);
});
