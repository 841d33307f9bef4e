import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { parseWatches } from '../../src/linux/file-watches.ts';
import { lostWatches } from '../../src/migration/surprises/lost-watches.ts';
import { watchedNames } from '../../src/migration/watched-names.ts';
import { program, sceneOf } from './surprises/program.ts';

/** A tmpfs that has an overlay in it, in `merged`, whose layers are directories there. */
function overlay(t: ExecutionContext): string {
  const home = mkdtempSync('/tmp/phaul-watches-');
  const mount = (...args: string[]): void => void execFileSync('mount', args);
  const unmount = (path: string): void => void execFileSync('umount', ['-l', path]);
  t.teardown(() => rmSync(home, { recursive: true }));
  mount('-t', 'tmpfs', 'phaul', home);
  t.teardown(() => unmount(home));
  for (const name of ['lower/deep/er', 'upper', 'work', 'merged', 'plain'])
    mkdirSync(join(home, name), { recursive: true });
  writeFileSync(join(home, 'lower/deep/file'), '');
  const layers = ['lowerdir', 'upperdir', 'workdir'].map((key) => `${key}=${home}/${key.slice(0, -3)}`);
  mount('-t', 'overlay', '-o', layers.join(','), 'phaul', join(home, 'merged'));
  t.teardown(() => unmount(join(home, 'merged')));
  return home;
}

/** A process that watches these. */
const watcher = (t: ExecutionContext, paths: readonly string[], more = ''): Promise<number> =>
  program(
    t,
    `libc = ctypes.CDLL(None); inotify = libc.inotify_init()
for path in ${JSON.stringify(paths)}: assert libc.inotify_add_watch(inotify, path.encode(), 0xfff) > 0
${more}`,
  );

test('what is watched in an overlay has its name looked for, and looked for again where it has another; elsewhere CRIU knows', async (t) => {
  const home = overlay(t);
  const merged = join(home, 'merged');
  const inside = ['', '/deep', '/deep/er', '/deep/file'].map((path) => merged + path);
  const pid = await watcher(t, [...inside, join(home, 'plain')]);
  const names = watchedNames(pid, new AbortController().signal);
  const found = async (): Promise<string[]> => (await names([pid])).found.map(({ path }) => path).sort();
  t.deepEqual(await found(), [...inside].sort());
  renameSync(join(merged, 'deep/file'), join(merged, 'other'));
  t.deepEqual(await found(), [...inside.slice(0, 3), join(merged, 'other')].sort());
  t.deepEqual((await names([pid])).lost, []);
});

test('who has given up waits for no search', async (t) => {
  const home = overlay(t);
  const pid = await watcher(t, [join(home, 'merged/deep/er')]);
  const reason = new Error('given up');
  await t.throwsAsync(watchedNames(pid, AbortSignal.abort(reason))([pid]), { is: reason });
});

test('a file that was deleted and is still open is refused with who watches it, and where', async (t) => {
  const home = overlay(t);
  const file = join(home, 'merged/deep/file');
  const pid = await watcher(t, [file], `kept = open('${file}')\nos.unlink('${file}')`);
  const [refusal, ...others] = await lostWatches(await sceneOf(pid));
  t.like(refusal, { code: 'WATCH_UNSUPPORTED', host: 'source' });
  t.true(refusal?.message.startsWith(`python3 (pid ${pid}) watches a file in ${home}/merged (overlay)`));
  t.deepEqual(others, []);
});

test('watches of inotify and fanotify are read, with inodes of 64 bits and without handles, and marks of mounts passed over', (t) => {
  const text = `pos:	0
flags:	02000000
inotify wd:2 ino:24 sdev:2a mask:302 ignored_mask:0 fhandle-bytes:c fhandle-type:f8 f_handle:00000000fb210401c7294e8a
inotify wd:1 ino:c000000000000014 sdev:800001 mask:302 ignored_mask:0 
fanotify flags:10 event-flags:0
fanotify ino:4f969 sdev:800013 mflags:0 mask:3b ignored_mask:40000000 fhandle-bytes:8 fhandle-type:1 f_handle:69f90400c275b5b4
fanotify mnt_id:12 mflags:40 mask:38 ignored_mask:40000000
`;
  t.deepEqual(parseWatches(text), [
    {
      device: '0:42',
      inode: 0x24n,
      handle: { type: 0xf8, bytes: Buffer.from('00000000fb210401c7294e8a', 'hex') },
    },
    { device: '8:1', inode: 0xc000000000000014n, handle: null },
    { device: '8:19', inode: 0x4f969n, handle: { type: 1, bytes: Buffer.from('69f90400c275b5b4', 'hex') } },
  ]);
});
