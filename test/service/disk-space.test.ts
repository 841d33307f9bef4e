import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { diskSpace } from '../../src/service/disk-space.ts';

const MiB = 2 ** 20;

/** A file system of its own, which goes when the test ends. */
function disk(t: ExecutionContext, options: string): string {
  const path = mkdtempSync('/tmp/phaul-space-');
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'small', path]);
  t.teardown(() => {
    execFileSync('umount', [path]);
    rmdirSync(path);
  });
  return path;
}

const demand = (path: string, more: object = {}) => ({
  path,
  least: 0,
  about: 0,
  inodes: 0,
  reuses: true,
  ...more,
});
const nothing = { refusals: [], warnings: [] };

test("what fits is nobody's business", async (t) => {
  const small = disk(t, 'size=4m');
  t.deepEqual(
    await diskSpace([demand(join(small, 'deep/er'), { least: 3 * MiB, about: 4 * MiB, inodes: 9 })]),
    nothing,
  );
  t.deepEqual(await diskSpace([]), nothing);
});

test('what certainly does not fit is refused, with numbers', async (t) => {
  const small = disk(t, 'size=4m');
  const { refusals, warnings } = await diskSpace([
    demand(join(small, 'a'), { least: 3 * MiB, about: 3 * MiB }),
    demand(join(small, 'b/c'), { least: 3 * MiB, about: 3 * MiB }),
  ]);
  t.deepEqual(warnings, []);
  t.is(refusals.length, 1, 'both are for one file system');
  t.like(refusals[0], {
    code: 'NO_DISK_SPACE',
    host: 'target',
    message: `${small}/a, ${small}/b/c on the target will take 6.0 MiB more, and 4.0 MiB are free there.`,
  });
});

test('each file system is for itself', async (t) => {
  const [one, other] = [disk(t, 'size=4m'), disk(t, 'size=4m')];
  const part = { least: 3 * MiB, about: 3 * MiB };
  t.deepEqual(await diskSpace([demand(one, part), demand(other, part)]), nothing);
});

test('what only likely does not fit is a warning', async (t) => {
  const { refusals, warnings } = await diskSpace([
    demand(disk(t, 'size=4m'), { least: MiB, about: 5 * MiB }),
  ]);
  t.deepEqual(refusals, []);
  t.regex(warnings.join(), /^The files may not fit: .* 5\.0 MiB more, and 4\.0 MiB are free there\.$/);
});

test('what is there already counts, where the driver uses it', async (t) => {
  const small = disk(t, 'size=4m');
  mkdirSync(join(small, 'tree'));
  writeFileSync(join(small, 'tree/file'), Buffer.alloc(3 * MiB));
  const size = { least: 3.5 * MiB, about: 3.5 * MiB };
  t.deepEqual(await diskSpace([demand(join(small, 'tree'), size)]), nothing);
  const { refusals } = await diskSpace([demand(join(small, 'tree'), { ...size, reuses: false })]);
  t.is(refusals[0]?.code, 'NO_DISK_SPACE');
});

test('inodes run out, too', async (t) => {
  const { refusals } = await diskSpace([demand(disk(t, 'nr_inodes=100'), { inodes: 1000 })]);
  t.regex(refusals[0]?.message ?? '', /will take 999 inodes more, and \d+ are free there/);
});

test('a file system without a limit has room', async (t) => {
  const path = disk(t, 'size=0,nr_inodes=0');
  t.deepEqual(await diskSpace([demand(path, { least: 9 * MiB, about: 9 * MiB, inodes: 9 })]), nothing);
});
