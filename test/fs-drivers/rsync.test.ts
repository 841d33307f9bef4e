import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { changesByCtime } from '../../fs-drivers/rsync/changes-by-ctime.ts';
import { startOn } from '../../fs-drivers/common/process.ts';
import { portrait } from './portrait.ts';
import { makeHardTree } from './tree.ts';
import { type Pair, rsyncPair } from './pair.ts';

test('a tree with one of everything arrives exactly, in one round or several', async (t) => {
  const pair = await rsyncPair({}, (tree, signal) => changesByCtime(tree, signal, 20));
  t.teardown(pair.remove);
  await makeHardTree(pair.tree.source);
  // Longer than the margin, or what has just been made is taken for changed once more.
  await sleep(50);
  await pair.target.prepare();
  const first = await pair.round();
  t.true(first.bytes > 5000 && first.files > 280, JSON.stringify(first));
  t.deepEqual(portrait(pair.tree.target), portrait(pair.tree.source));
  const second = await pair.round({ final: true });
  t.deepEqual(portrait(pair.tree.target), portrait(pair.tree.source));
  t.is(second.files, 0);
});

test('of holes and of second names no room is certain', async (t) => {
  const pair = await rsyncPair();
  t.teardown(pair.remove);
  const at = (name: string): string => join(pair.tree.source, name);
  fs.mkdirSync(pair.tree.source);
  fs.writeFileSync(at('whole'), Buffer.alloc(1_000_000, 'x'));
  fs.linkSync(at('whole'), at('again'));
  fs.writeFileSync(at('holes'), Buffer.alloc(500_000, 'x'));
  fs.truncateSync(at('holes'), 2 ** 30);
  const [demand] = (await pair.source.demands?.()) ?? [];
  t.like(demand, { least: 1_000_000, inodes: 3 });
  t.true(demand!.about > 1_500_000 && demand!.about < 1_600_000, JSON.stringify(demand));
});

test('a copy tells meanwhile how much has gone', async (t) => {
  const pair = await rsyncPair();
  t.teardown(pair.remove);
  fs.mkdirSync(pair.tree.source);
  for (const name of ['one', 'two', '  12 100% '])
    fs.writeFileSync(join(pair.tree.source, name), 'x'.repeat(3000));
  await pair.target.prepare();
  const moves: number[] = [];
  await pair.round({ moved: (bytes) => moves.push(bytes) });
  t.is(
    moves.reduce((all, each) => all + each, 0),
    9000,
  );
});

test('what is deleted, renamed or replaced by another kind of thing follows', async (t) => {
  const pair = await rsyncPair();
  t.teardown(pair.remove);
  await makeHardTree(pair.tree.source);
  await pair.target.prepare();
  await pair.round();
  const at = (name: string): string => join(pair.tree.source, name);
  fs.rmSync(at('deep'), { recursive: true });
  fs.writeFileSync(at('deep'), 'a file now');
  fs.renameSync(at('*'), at('star'));
  fs.rmSync(at('fifo'));
  fs.mkdirSync(at('fifo/is/a/directory'), { recursive: true });
  fs.rmdirSync(at('empty'));
  fs.rmSync(at('new\nline'));
  fs.chmodSync(at('-rf'), 0o600);
  await pair.round({ final: true });
  t.deepEqual(portrait(pair.tree.target), portrait(pair.tree.source));
});

test('a file that changes within the same second, to the same size, follows', async (t) => {
  const pair = await rsyncPair();
  t.teardown(pair.remove);
  fs.mkdirSync(pair.tree.source);
  const file = join(pair.tree.source, 'file');
  await pair.target.prepare();
  fs.writeFileSync(file, 'one');
  fs.utimesSync(file, 1_000_000, 1_000_000.25);
  await pair.round();
  fs.writeFileSync(file, 'two');
  fs.utimesSync(file, 1_000_000, 1_000_000.5);
  await pair.round({ final: true });
  t.is(fs.readFileSync(join(pair.tree.target, 'file'), 'utf8'), 'two');
});

const unnoticed = test.macro({
  exec: async (t, age: number, mapped: boolean, arrives: boolean) => {
    const when = new Date(Date.now() - age);
    const pair = await rsyncPair();
    t.teardown(pair.remove);
    fs.mkdirSync(join(pair.tree.source, 'a'), { recursive: true });
    const [file, other] = [join(pair.tree.source, 'a/new\nline\\#012'), join(pair.tree.source, 'other')];
    fs.writeFileSync(file, 'one');
    fs.linkSync(file, other);
    fs.utimesSync(file, when, when);
    await pair.target.prepare();
    await pair.round();
    fs.writeFileSync(file, 'two');
    fs.utimesSync(file, when, when);
    await pair.round({ final: true, mapped: mapped ? [file, join(pair.tree.source, 'gone')] : [] });
    const copied = portrait(pair.tree.target).join() === portrait(pair.tree.source).join();
    t.is(copied, arrives);
  },
  title: (name) => name ?? '',
});
const old = 10_000_000;
test('a mapped file is compared by content: its time says nothing', unnoticed, old, true, true);
test('so is one that changed no earlier than it was copied', unnoticed, -60_000, false, true);
test('so is one whose time was set back after it had changed', unnoticed, old, false, true);

test('on a tmpfs what was written through a mapping arrives, though its time never tells and nobody saw it', async (t) => {
  const pair = await rsyncPair();
  t.teardown(pair.remove);
  mountTmpfs(t, pair.tree.source, 'one');
  const file = join(pair.tree.source, 'file');
  const before = new Date(Date.now() - old);
  fs.utimesSync(file, before, before);
  await sleep(20);
  await pair.target.prepare();
  await pair.round();
  await pair.round();
  const times = fs.statSync(file);
  // Read first: a page that is there already is written without a fault (mm/memory.c, fault_dirty_shared_page).
  execFileSync('python3', [
    '-c',
    'import mmap, sys; file = open(sys.argv[1], "r+b"); seen = mmap.mmap(file.fileno(), 0); seen[0]; seen[:] = b"two"',
    file,
  ]);
  t.like(fs.statSync(file), { mtimeMs: times.mtimeMs, ctimeMs: times.ctimeMs });
  await pair.round({ final: true });
  t.is(fs.readFileSync(join(pair.tree.target, 'file'), 'utf8'), 'two');
});

test('a tree may be a single file', async (t) => {
  const pair = await rsyncPair();
  t.teardown(pair.remove);
  fs.writeFileSync(pair.tree.source, 'one');
  await pair.target.prepare();
  fs.writeFileSync(join(pair.home, 'target/beside'), 'not ours');
  await pair.round();
  fs.writeFileSync(pair.tree.source, 'other');
  await pair.round({ final: true, mapped: [pair.tree.source] });
  t.is(fs.readFileSync(pair.tree.target, 'utf8'), 'other');
  t.deepEqual(fs.readdirSync(join(pair.home, 'target')), ['beside', 'tree']);
  await pair.target.abort();
  t.deepEqual(fs.readdirSync(join(pair.home, 'target')), ['beside']);
});

// What a hostile source would run: rsync with options of its own. Tells how it ended.
async function attack(pair: Pair, ...args: string[]): Promise<unknown> {
  const stream = await pair.open();
  const script = 'exec rsync "$@" 3<&0 </dev/null';
  const shell = 'sh -c "exec 4<&0; cat <&3 & cat <&4 >&3 &"';
  const all = ['-c', script, 'sh', '-e', shell, ...args];
  const child = await startOn(
    stream,
    '/bin/sh',
    all,
    [stream, 'ignore', 'ignore'],
    AbortSignal.timeout(120_000),
  );
  return new Promise((resolve) => child.once('exit', resolve));
}

test('a directory swapped for a symbolic link on the target leads nowhere', async (t) => {
  const pair = await rsyncPair();
  t.teardown(pair.remove);
  fs.mkdirSync(join(pair.tree.source, 'inside'), { recursive: true });
  fs.writeFileSync(join(pair.tree.source, 'inside/file'), 'x'.repeat(100));
  const outside = join(pair.home, 'outside');
  fs.mkdirSync(outside);
  await pair.target.prepare();
  // --keep-dirlinks makes rsync follow links to directories on the target.
  fs.symlinkSync(outside, join(pair.tree.target, 'inside'));
  await attack(pair, '-r', '--keep-dirlinks', `${pair.tree.source}/`, 'x::tree0/');
  t.deepEqual(fs.readdirSync(outside), []);
});

test('a daemon writes to no device, to nothing beside a single file, and gives nothing away', async (t) => {
  const pair = await rsyncPair();
  t.teardown(pair.remove);
  fs.mkdirSync(pair.tree.source);
  fs.writeFileSync(join(pair.tree.source, 'evil'), 'x');
  await pair.target.prepare();
  fs.writeFileSync(join(pair.tree.target, 'secret'), 'x');
  t.is(await attack(pair, '-r', `${pair.tree.source}/`, 'x::tree0/'), 0);
  t.not(await attack(pair, '-r', '--write-devices', `${pair.tree.source}/`, 'x::tree0/'), 0);
  t.not(await attack(pair, '-r', 'x::tree0/', join(pair.home, 'loot')), 0);
  await attack(pair, '-r', `${pair.tree.source}/`, 'x::file0/');
  t.false(fs.existsSync(join(pair.home, 'target/evil')));
  t.false(fs.existsSync(join(pair.home, 'loot/secret')));
});

test('what is mounted below a tree that is without it is neither read nor deleted', async (t) => {
  const names = ['a/mounted', 'odd *?[x]\\\n', 'back\\slash'];
  const pair = await rsyncPair({ without: names });
  t.teardown(pair.remove);
  const { source, target } = pair.tree;
  for (const name of names) mountTmpfs(t, join(source, name), 'not to be read');
  fs.mkdirSync(join(source, 'b'));
  fs.writeFileSync(join(source, 'b/mounted'), 'read');
  await pair.target.prepare();
  for (const name of names) mountTmpfs(t, join(target, name), 'not to be deleted');
  await pair.round();
  fs.rmSync(join(source, 'b/mounted'));
  await pair.round({ final: true });
  for (const name of names)
    t.is(fs.readFileSync(join(target, name, 'file'), 'utf8'), 'not to be deleted', name);
  t.deepEqual(fs.readdirSync(target).sort(), fs.readdirSync(source).sort());
  t.deepEqual(fs.readdirSync(join(target, 'b')), []);
});

test('what a tree is without is out of reach for the other side', async (t) => {
  const pair = await rsyncPair({ without: ['mounted'] });
  t.teardown(pair.remove);
  fs.mkdirSync(join(pair.tree.source, 'mounted'), { recursive: true });
  fs.writeFileSync(join(pair.tree.source, 'mounted/evil'), 'x');
  await pair.target.prepare();
  mountTmpfs(t, join(pair.tree.target, 'mounted'), 'not to be deleted');
  await attack(pair, '-r', '--delete', `${pair.tree.source}/`, 'x::tree0/');
  t.deepEqual(fs.readdirSync(join(pair.tree.target, 'mounted')), ['file']);
});

test('what is mounted below a tree that does not say so is part of it', async (t) => {
  const pair = await rsyncPair();
  t.teardown(pair.remove);
  mountTmpfs(t, join(pair.tree.source, 'mounted'), 'x');
  await pair.target.prepare();
  await pair.round({ final: true });
  t.deepEqual(portrait(pair.tree.target), portrait(pair.tree.source));
});

/** Something else at a directory, with a file in it. */
function mountTmpfs(t: ExecutionContext, at: string, text: string): void {
  fs.mkdirSync(at, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', 'none', at]);
  // A client that waits for a round that does not come is still in there: it goes with its pair, after this.
  t.teardown(() => execFileSync('umount', ['-l', at]));
  fs.writeFileSync(join(at, 'file'), text);
}
