import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { changesByCtime } from '../../fs-drivers/rsync/changes-by-ctime.ts';

/** A tree, and what of it is to be compared after `change`. */
async function tracked(t: ExecutionContext) {
  const source = fs.mkdtempSync('/tmp/phaul-changes-');
  t.teardown(() => fs.rmSync(source, { recursive: true, force: true }));
  const at = (name: string): string => join(source, name);
  fs.mkdirSync(at('a/b/c'), { recursive: true });
  fs.writeFileSync(at('a/b/file'), 'x');
  fs.writeFileSync(at('a/b/c/deep'), 'x');
  fs.writeFileSync(at('top'), 'x');
  await sleep(50);
  const tracker = changesByCtime(
    { source, target: source, without: ['a/out'] },
    t.context as AbortSignal,
    20,
  );
  const after = async (change: () => unknown): Promise<readonly string[] | null> => {
    change();
    // Longer than the margin, or the next round finds it again.
    await sleep(50);
    return (await tracker.begin()).names?.toSorted() ?? null;
  };
  return { at, tracker, after, source };
}
test.beforeEach((t) => (t.context = new AbortController().signal));
const nothing = (): undefined => undefined;

test.serial('everything is to be compared at first, and then what changes', async (t) => {
  const { at, after, tracker } = await tracked(t);
  t.is(await after(nothing), null);
  t.deepEqual(await after(nothing), []);
  t.deepEqual(await after(() => fs.appendFileSync(at('a/b/file'), 'y')), ['a/b/file']);
  t.deepEqual(await after(() => fs.chmodSync(at('top'), 0o600)), ['top']);
  t.deepEqual(await after(() => fs.writeFileSync(at('a/b/new'), 'y')), ['a/b/']);
  t.deepEqual(await after(() => fs.rmSync(at('top'))), ['./']);
  t.deepEqual(await after(() => fs.mkdirSync(at('a/out'))), ['a/']);
  t.deepEqual(await after(() => fs.writeFileSync(at('a/out/file'), 'y')), []);
  fs.writeFileSync(at('a/b/new'), 'z');
  t.deepEqual(await after(nothing), ['a/b/new']);
  tracker.failed();
  t.deepEqual(await after(nothing), ['a/b/new'], 'once more');
  t.deepEqual(await after(nothing), []);
});

test.serial('a directory that was moved is compared with all that is in it', async (t) => {
  const { at, after } = await tracked(t);
  fs.linkSync(at('a/b/c/deep'), at('other'));
  await after(nothing);
  t.deepEqual(await after(() => fs.renameSync(at('a/b'), at('moved'))), [
    './',
    'a/',
    'moved/',
    'moved/c/',
    'moved/c/deep',
    'other',
  ]);
  fs.mkdirSync(at('away'));
  await after(nothing);
  const back = await after(() => {
    fs.renameSync(at('moved'), at('away/moved'));
    fs.renameSync(at('away/moved'), at('moved'));
  });
  t.true(back?.includes('moved/c/'), 'a round may have missed it in between');
});

test.serial('a name of a hard link whose directory has become a file is not listed', async (t) => {
  const { at, after } = await tracked(t);
  fs.linkSync(at('top'), at('a/b/c/link'));
  await after(nothing);
  const names = await after(() => {
    fs.renameSync(at('a/b'), at('moved'));
    fs.writeFileSync(at('a/b'), 'a file now');
  });
  t.true(names?.includes('moved/c/link'));
  t.false(names?.includes('a/b/c/link'));
});

test.serial('a name cut from a hard link is to be written anew', async (t) => {
  const { at, tracker } = await tracked(t);
  fs.linkSync(at('top'), at('a/link'));
  await tracker.begin();
  fs.copyFileSync(at('top'), at('copy'));
  fs.renameSync(at('copy'), at('top'));
  await sleep(50);
  const { anew } = await tracker.begin();
  // The other one has changed too: it has fewer names.
  t.deepEqual(anew.toSorted(), ['a/link', 'top']);
  t.deepEqual((await tracker.begin()).anew, []);
});

test.serial('so is a file that has changed and says that it has not', async (t) => {
  const { at, tracker } = await tracked(t);
  await tracker.begin();
  await sleep(50);
  fs.writeFileSync(at('top'), 'y');
  fs.utimesSync(at('top'), 1_000_000, 1_000_000);
  fs.writeFileSync(at('a/b/file'), 'y');
  t.deepEqual((await tracker.begin()).anew, ['top']);
});

test.serial('what is done in a directory that is borrowed is no change', async (t) => {
  const { at, tracker } = await tracked(t);
  await tracker.begin();
  const asItIs = () => {
    const { dev, ino, ctimeMs } = fs.statSync(at('a/b'));
    return { id: `${dev}:${ino}`, changedMs: ctimeMs };
  };
  await sleep(50);
  const unchanged = asItIs();
  fs.mkdirSync(at('a/b/for-a-moment'));
  t.deepEqual((await tracker.begin(unchanged)).names, []);
  fs.rmdirSync(at('a/b/for-a-moment'));
  await sleep(50);
  t.deepEqual((await tracker.begin()).names, ['a/b/'], 'it was not borrowed now');
  await sleep(50);
  fs.writeFileSync(at('a/b/new'), 'y');
  const changed = asItIs();
  fs.mkdirSync(at('a/b/for-a-moment'));
  t.deepEqual((await tracker.begin(changed)).names, ['a/b/', 'a/b/for-a-moment/']);
});

test.serial('what goes while it is looked for is no reason to compare everything', async (t) => {
  const { at, tracker } = await tracked(t);
  fs.mkdirSync(at('busy'));
  await tracker.begin();
  const script =
    'const fs = require("fs"); for (;;) { fs.mkdirSync(process.argv[1]); fs.rmdirSync(process.argv[1]); }';
  const busy = spawn(process.execPath, ['-e', script, at('busy/one')]);
  t.teardown(async () => {
    busy.kill();
    await once(busy, 'close');
  });
  for (let round = 0; round < 60; round++) t.not((await tracker.begin()).names, null);
});

test.serial('everything is to be compared when the clock has been set', async (t) => {
  const { after } = await tracked(t);
  await after(nothing);
  const now = Date.now;
  Date.now = () => now() + 5000;
  t.teardown(() => (Date.now = now));
  t.is(await after(nothing), null);
  t.deepEqual(await after(nothing), []);
});

test.serial(
  'everything is to be compared when something was mounted, or another host may write',
  async (t) => {
    const { at, after, tracker } = await tracked(t);
    const mount = (type: string): void => {
      execFileSync('mount', ['-t', type, 'none', at('a/b')]);
      t.teardown(() => execFileSync('umount', [at('a/b')]));
    };
    await after(nothing);
    t.is(await after(() => mount('tmpfs')), null);
    t.deepEqual(await after(nothing), []);
    t.is(await after(() => mount('ramfs')), null);
    t.is(await after(nothing), null);
    t.false(tracker.able());
  },
);
