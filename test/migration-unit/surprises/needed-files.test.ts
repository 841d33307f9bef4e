import { mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { neededFiles } from '../../../src/migration/surprises/needed-files.ts';
import { filesMissing } from '../../../src/service/files-here.ts';
import { sceneWith } from './program.ts';

test('files, programs and libraries of the host are needed on the target, but not what moves along', async (t) => {
  const home = mkdtempSync('/tmp/phaul-needed-');
  t.teardown(() => rmSync(home, { recursive: true }));
  for (const name of ['read', 'written', 'deleted']) writeFileSync(join(home, name), 'four');
  const at = JSON.stringify(home);
  const found = await sceneWith(
    t,
    `kept = os.open(${at} + '/read', os.O_RDONLY), os.open(${at} + '/written', os.O_WRONLY)
deleted = os.open(${at} + '/deleted', os.O_RDONLY); os.unlink(${at} + '/deleted'); proc = os.open('/proc/self/stat', os.O_RDONLY)`,
  );
  const files = await neededFiles(found, []);
  t.like(
    files.find(({ path }) => path === join(home, 'read')),
    { size: 4, user: `python3 (pid ${found.members[0]?.pid})` },
  );
  t.is(files.find(({ path }) => path === join(home, 'written'))?.size, null);
  t.true(files.some(({ path, size }) => /libc\.so/.test(path) && (size ?? 0) > 100_000));
  t.false(files.some(({ path }) => /deleted|^\/proc\//.test(path)));
  t.deepEqual(await filesMissing(files), []);
  const link = `${home}-link`;
  symlinkSync(home, link);
  t.teardown(() => rmSync(link));
  for (const tree of [home, link]) {
    const needed = await neededFiles(found, [{ source: tree, target: tree }]);
    t.false(
      needed.some(({ path }) => path.startsWith(home)),
      tree,
    );
  }
  t.deepEqual(await neededFiles({ ...found, host: { ...found.host, mnt: 'mnt:[1]' } }, []), []);

  truncateSync(join(home, 'read'), 5);
  rmSync(join(home, 'written'));
  t.deepEqual(
    (await filesMissing(files)).map(({ code, message }) => [code, /(read|written),/.exec(message)?.[1]]),
    [
      ['FILE_DIFFERS', 'read'],
      ['PATH_MISSING', 'written'],
    ],
  );
});
