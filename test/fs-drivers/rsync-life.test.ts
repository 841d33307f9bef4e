import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { rsync } from '../../fs-drivers/rsync/rsync.ts';
import { isNewEnough } from '../../fs-drivers/rsync/version.ts';
import { failureOf } from '../../fs-drivers/rsync/failure.ts';
import { driverContext } from '../../src/driver-context.ts';
import { type Pair, rsyncPair } from './pair.ts';

async function smallPair(text = 'text'): Promise<Pair> {
  const pair = await rsyncPair();
  fs.mkdirSync(pair.tree.source);
  fs.writeFileSync(join(pair.tree.source, 'file'), text);
  return pair;
}
const codes = async (pair: Pair, force = false): Promise<string[]> =>
  (await pair.target.refusals(force)).map(({ code }) => code);

test('a target path is refused only if it has contents, and not by force', async (t) => {
  const pair = await smallPair();
  t.teardown(pair.remove);
  t.deepEqual(await codes(pair), []);
  fs.mkdirSync(pair.tree.target, { recursive: true });
  t.deepEqual(await codes(pair), []);
  fs.writeFileSync(join(pair.tree.target, 'file'), '');
  t.deepEqual(await codes(pair), ['PATH_TAKEN']);
  t.deepEqual(await codes(pair, true), []);
});

test('files left behind may be overwritten, but not what took their place', async (t) => {
  const pair = await smallPair();
  t.teardown(pair.remove);
  await pair.source.release({ container: 'ct101', target: 'b' });
  const back = await rsyncPair({ source: join(pair.home, 'elsewhere'), target: pair.tree.source });
  t.teardown(back.remove);
  fs.mkdirSync(back.tree.source);
  t.deepEqual(await codes(back), []);
  await back.target.prepare();
  t.deepEqual(await codes(back), ['PATH_TAKEN'], 'in use again');
  await back.target.abort();
  t.deepEqual(await codes(back), [], 'the mark is back');
  fs.renameSync(pair.tree.source, join(pair.home, 'aside'));
  fs.cpSync(join(pair.home, 'aside'), pair.tree.source, { recursive: true });
  t.deepEqual(await codes(back), ['PATH_TAKEN']);
});

test('an undone migration removes what it made, parents too, and nothing else', async (t) => {
  const pair = await rsyncPair();
  t.teardown(pair.remove);
  fs.mkdirSync(pair.tree.source);
  fs.writeFileSync(join(pair.tree.source, 'file'), '');
  const outside = join(pair.home, 'outside');
  fs.mkdirSync(outside);
  fs.writeFileSync(join(outside, 'kept'), '');
  fs.symlinkSync(outside, join(pair.tree.source, 'link'));
  await pair.target.prepare();
  await pair.round();
  t.true(fs.existsSync(join(pair.tree.target, 'link/kept')));
  await pair.target.abort();
  await pair.target.abort();
  t.deepEqual(fs.readdirSync(pair.home).sort(), ['fs.sock', 'outside', 'run', 'source']);
  t.true(fs.existsSync(join(outside, 'kept')));
});

test('a directory that was there before stays when a migration is undone', async (t) => {
  const pair = await smallPair();
  t.teardown(pair.remove);
  fs.mkdirSync(pair.tree.target, { recursive: true });
  await pair.target.prepare();
  await pair.target.abort();
  t.true(fs.existsSync(pair.tree.target));
});

test('an abort stops a copy at once and leaves no process', async (t) => {
  const pair = await smallPair();
  t.teardown(pair.remove);
  // A terabyte of nothing: whatever the machine does meanwhile, there is always more of it to copy.
  fs.writeFileSync(join(pair.tree.source, 'large'), '');
  fs.truncateSync(join(pair.tree.source, 'large'), 2 ** 40);
  await pair.target.prepare();
  const copying = pair.round();
  t.true(await becomes(true, () => processes(pair).length > 0));
  pair.abort();
  await t.throwsAsync(copying, { message: /stopped/ });
  await pair.target.abort();
  t.false(fs.existsSync(pair.tree.target));
  t.true(await becomes(false, () => processes(pair).length > 0));
});

test('clients that wait for the next round end with the migration, and delete nothing', async (t) => {
  const pair = await smallPair();
  t.teardown(pair.remove);
  const old = new Date(1_000_000_000);
  fs.utimesSync(join(pair.tree.source, 'file'), old, old);
  const waiting = (): boolean => processes(pair).length > 0;
  await pair.target.prepare();
  await pair.round();
  t.true(await becomes(true, waiting));
  await pair.round({ final: true });
  t.true(waiting(), 'while the container stands still nobody spends time on them');
  await pair.source.release({ container: 'ct101', target: 'b' });
  t.true(await becomes(false, waiting));
  // Those that have only just been started, too: they go while they greet the daemon.
  await pair.round();
  await pair.source.abort?.();
  t.true(await becomes(false, waiting));
  t.deepEqual(pair.log, [], 'that nobody needed them is not worth a word');
  await pair.round();
  t.true(await becomes(true, waiting));
  pair.abort();
  t.true(await becomes(false, waiting));
  t.true(fs.existsSync(join(pair.tree.target, 'file')));
});

async function becomes(wanted: boolean, condition: () => boolean): Promise<boolean> {
  for (let i = 0; i < 3000; i++) {
    // Asked once only: a process that is just ending can be there for one look and gone for the next.
    if (condition() === wanted) return true;
    await sleep(20);
  }
  return false;
}

test('a full disk on the target is called that', async (t) => {
  const pair = await smallPair();
  t.teardown(pair.remove);
  fs.mkdirSync(pair.tree.target, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', pair.tree.target]);
  t.teardown(() => execFileSync('umount', ['-l', pair.tree.target]));
  fs.writeFileSync(join(pair.tree.source, 'large'), Buffer.alloc(4_000_000, 'x'));
  await pair.target.prepare();
  const error = await t.throwsAsync(pair.round());
  t.like(error, { code: 'DISK_FULL', details: { host: 'target' } });
  t.regex(pair.log.join('\n'), /The rsync daemon ended with code .*No space left/);
});

test('a lost connection is called that', async (t) => {
  const pair = await smallPair();
  t.teardown(pair.remove);
  // Without prepare() there is no configuration: the daemon ends before its greeting.
  const error = await t.throwsAsync(pair.round());
  t.like(error, { code: 'LINK_LOST' });
});

test('files that come and go during a round do not stop it', async (t) => {
  const pair = await smallPair();
  t.teardown(pair.remove);
  await pair.target.prepare();
  let stop = false;
  const churn = (async () => {
    for (let i = 0; !stop; i++) {
      const name = join(pair.tree.source, `f${i % 500}`);
      if (i % 3 === 0) await fs.promises.rm(name, { force: true, recursive: true });
      else if (i % 7 === 0) await fs.promises.mkdir(name).catch(() => undefined);
      else await fs.promises.writeFile(name, `${i}`.repeat(1000)).catch(() => undefined);
    }
  })();
  for (let i = 0; i < 10; i++) await t.notThrowsAsync(pair.round());
  stop = true;
  await churn;
  await pair.round({ final: true });
  t.notThrows(() => execFileSync('diff', ['-r', pair.tree.source, pair.tree.target]));
});

test('targets that are no plain absolute path are turned away', (t) => {
  const ctx = driverContext('/nonexistent', new AbortController().signal, () => undefined);
  for (const target of ['relative', '/a/../b', '/a//b', '/', '/a/', '/a\0b'])
    t.throws(
      () => rsync.target([{ source: '/a', target, without: [] }], ctx),
      { message: /plain absolute path/ },
      target,
    );
});

test('so is what a tree is without, unless it is below it', (t) => {
  const ctx = driverContext('/nonexistent', new AbortController().signal, () => undefined);
  for (const name of ['', '/a', '../a', 'a/..', 'a//b', 'a/', 'a\0b'])
    t.throws(() => rsync.target([{ source: '/a', target: '/a', without: [name] }], ctx), undefined, name);
});

test('paths that mean something to rsync or its configuration are only paths', async (t) => {
  for (const name of ['with space', ' [tree1]', 'host::module', '%PATH%', '#', 'a;b', '*', 'back\\']) {
    const home = fs.mkdtempSync('/tmp/phaul-name-');
    const pair = await rsyncPair({ source: join(home, 's', name), target: join(home, 't', name) });
    t.teardown(pair.remove);
    t.teardown(() => fs.rmSync(home, { recursive: true }));
    fs.mkdirSync(pair.tree.source, { recursive: true });
    fs.writeFileSync(join(pair.tree.source, 'file'), name);
    await pair.target.prepare();
    await pair.round({ final: true });
    t.is(fs.readFileSync(join(pair.tree.target, 'file'), 'utf8'), name);
  }
});

test('rsync is new enough from 3.2 on', (t) => {
  t.true(isNewEnough('rsync  version 3.2.7  protocol version 32'));
  t.true(isNewEnough('rsync  version v4.0.0pre1  protocol version 33'));
  t.false(isNewEnough('rsync  version 3.1.3  protocol version 31'));
  t.false(isNewEnough('openrsync'));
});

test('complaints about the target end a round, those about a changing source only the last', (t) => {
  const target =
    'rsync: [generator] mknod "/x" (in tree0) failed: Operation not permitted (1)\nrsync error: some files (code 23)';
  const source =
    'rsync: [sender] readlink_stat("/x") failed: No such file or directory (2)\nrsync error: some files (code 23)';
  t.is(failureOf(23, target, false)?.code, 'FS_SYNC');
  t.regex(failureOf(23, target, false)?.message ?? '', /mknod/);
  t.is(failureOf(23, source, false), null);
  t.is(failureOf(23, source, true)?.code, 'FS_SYNC');
  t.is(failureOf(24, '', false), null);
  t.is(failureOf(24, '', true)?.code, 'FS_SYNC');
  t.is(failureOf(12, '', false)?.code, 'LINK_LOST');
});

/** Processes that name this pair's directory on their command line. */
function processes(pair: Pair): string[] {
  return fs.readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const line = fs.readFileSync(`/proc/${pid}/cmdline`, 'latin1');
      return line.includes(pair.home) ? [line.replaceAll('\0', ' ')] : [];
    } catch {
      return [];
    }
  });
}
