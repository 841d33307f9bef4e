import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { beside } from '../../src/contracts/paths.ts';
import { markLeft, wasLeft } from '../../fs-drivers/common/left-mark.ts';
import { btrfsDirectory, makeSubvolume } from './btrfs-disk.ts';
import { btrfsPair, type Pair, twoHosts } from './btrfs-pair.ts';
import { portrait } from './portrait.ts';

const moved = { container: 'ct101', target: 'b' };

async function smallPair(t: ExecutionContext): Promise<Pair> {
  const pair = await btrfsPair(t);
  fs.writeFileSync(join(pair.tree.source, 'file'), 'new');
  return pair;
}

/** All that can be at the place of the tree before it comes. */
const before: Readonly<Record<string, (path: string) => void>> = {
  nothing: () => undefined,
  'an empty directory': (path) => fs.mkdirSync(path),
  'a directory with contents': (path) => {
    fs.mkdirSync(join(path, 'inner'), { recursive: true });
    fs.writeFileSync(join(path, 'inner/file'), 'old');
  },
  'a subvolume with another in it': (path) => {
    makeSubvolume(path);
    makeSubvolume(join(path, 'inner'));
    fs.writeFileSync(join(path, 'inner/file'), 'old');
  },
  'a link that leads nowhere': (path) => fs.symlinkSync('nowhere', path),
};

/** All that can have happened before it ends badly. */
const courses: Readonly<Record<string, (pair: Pair) => Promise<unknown>>> = {
  'after prepare': (pair) => pair.target.prepare(),
  'after a round': async (pair) => {
    await pair.target.prepare();
    await pair.round();
  },
  'in the middle of a round': async (pair) => {
    await pair.target.prepare();
    await pair.round();
    await abortedRound(pair, 'r2');
  },
  'after the last round': async (pair) => {
    await pair.target.prepare();
    await pair.round();
    await pair.round({ final: true });
  },
};

/** @returns what became of the round */
async function abortedRound(pair: Pair, name: string): Promise<unknown> {
  fs.writeFileSync(join(pair.tree.source, 'large'), Buffer.alloc(32 * 1024 * 1024, 'x'));
  const ended = pair.round().catch((error: unknown) => error);
  const arriving = join(inShelter(pair.tree.target)[0] ?? '', 'in', name);
  while (!fs.existsSync(arriving)) await sleep(1);
  pair.abort();
  return ended;
}

/** The directories that migrations have beside a tree. */
function inShelter(tree: string): string[] {
  const shelter = beside(tree, 'btrfs');
  return fs.readdirSync(shelter).map((own) => join(shelter, own));
}

const place = (path: string): unknown[] => {
  const found = fs.lstatSync(path, { throwIfNoEntry: false });
  if (!found) return [];
  return [found.ino, found.isDirectory() ? portrait(path) : fs.readlinkSync(path)];
};

for (const [when, course] of Object.entries(courses))
  for (const [what, make] of Object.entries(before))
    test(`undone ${when}, ${what} is there again, and nothing else on either host`, async (t) => {
      const pair = await smallPair(t);
      make(pair.tree.target);
      const [was, around, source] = [place(pair.tree.target), pair.around(), portrait(pair.tree.source)];
      await course(pair);
      const now = portrait(pair.tree.source);
      for (let times = 0; times < 2; times++) {
        await pair.source.abort?.();
        await pair.target.abort();
        t.deepEqual(place(pair.tree.target), was);
        t.deepEqual(pair.around(), around);
      }
      t.deepEqual(portrait(pair.tree.source), now);
      t.true(now.length >= source.length);
    });

for (const [when, course] of Object.entries(courses))
  test(`killed ${when}, both hosts are as before when the next phaul has been there`, async (t) => {
    const pair = await smallPair(t);
    before['a directory with contents']?.(pair.tree.target);
    const [was, around] = [place(pair.tree.target), pair.around()];
    await course(pair);
    for (let times = 0; times < 2; times++) {
      await pair.executeWill('source');
      await pair.executeWill('target');
      t.deepEqual(place(pair.tree.target), was);
      t.deepEqual(pair.around(), around);
    }
  });

test('killed when the container has moved, the next phaul leaves nothing but the trees', async (t) => {
  const pair = await smallPair(t);
  await courses['after the last round']?.(pair);
  for (const side of ['source', 'target'] as const) await pair.executeWill(side, 'moved');
  t.deepEqual(portrait(pair.tree.target), portrait(pair.tree.source));
  t.deepEqual(pair.around(), { source: ['tree'], target: ['tree'] });
});

for (const [what, make] of Object.entries(before))
  test(`when the container has moved, of ${what} nothing is left`, async (t) => {
    const pair = await smallPair(t);
    make(pair.tree.target);
    await courses['after the last round']?.(pair);
    await pair.source.release(moved);
    await pair.target.finish?.();
    t.deepEqual(portrait(pair.tree.target), portrait(pair.tree.source));
    t.deepEqual(pair.around(), { source: ['.phaul-left-tree', 'tree'], target: ['tree'] });
    t.deepEqual(await wasLeft(pair.tree.source), moved);
  });

test('after the first round the tree is at its place, and at no instant is it not', async (t) => {
  const pair = await smallPair(t);
  fs.mkdirSync(pair.tree.target);
  await pair.target.prepare();
  let missing = 0;
  let done = false;
  const watching = (async () => {
    for (; !done; await new Promise(setImmediate)) if (!fs.existsSync(pair.tree.target)) missing++;
  })();
  await pair.round();
  t.is(fs.readFileSync(join(pair.tree.target, 'file'), 'utf8'), 'new');
  fs.writeFileSync(join(pair.tree.target, 'of the runtime'), '');
  fs.writeFileSync(join(pair.tree.source, 'file'), 'newer');
  await pair.round();
  await pair.round({ final: true });
  done = true;
  await watching;
  t.is(missing, 0);
  t.deepEqual(portrait(pair.tree.target), portrait(pair.tree.source));
});

test('a runtime that has mounted the tree of the first round does not stand in the way', async (t) => {
  const pair = await smallPair(t);
  const around = pair.around();
  await pair.target.prepare();
  await pair.round();
  const waits = 'mount --bind "$1" "$1" && cd "$1" && echo mounted && exec sleep 1000';
  const runtime = spawn('unshare', ['--mount', 'sh', '-c', waits, 'sh', pair.tree.target]);
  t.teardown(() => runtime.kill('SIGKILL'));
  await once(runtime.stdout, 'data');
  await pair.round({ final: true });
  t.deepEqual(portrait(pair.tree.target), portrait(pair.tree.source));
  await pair.source.abort?.();
  await pair.target.abort();
  t.deepEqual(pair.around(), around);
});

test('files that were left behind may be overwritten, and are known again if that is undone', async (t) => {
  const pair = await smallPair(t);
  const codes = async (): Promise<string[]> => (await pair.target.refusals(false)).map(({ code }) => code);
  before['a directory with contents']?.(pair.tree.target);
  t.deepEqual(await codes(), ['PATH_TAKEN']);
  await markLeft(pair.tree.target, moved);
  t.deepEqual(await codes(), []);
  await courses['after the last round']?.(pair);
  t.is(await wasLeft(pair.tree.target), null, 'the new tree is in use');
  await pair.target.abort();
  t.deepEqual(await wasLeft(pair.tree.target), moved);
});

test('a round that is aborted in its middle ends, and says so', async (t) => {
  const pair = await smallPair(t);
  await pair.target.prepare();
  t.is(((await abortedRound(pair, 'r1')) as { code?: string }).code, 'CANCELLED');
});

for (const [when, mebibytes] of [
  ['before it has all of a round', 16],
  ['before it has answered', 0],
] as const)
  test(`a target that is gone ${when} is a lost link`, async (t) => {
    const pair = await smallPair(t);
    fs.writeFileSync(join(pair.tree.source, 'large'), Buffer.alloc(mebibytes * 1024 * 1024, 'x'));
    const path = join(pair.tree.source, '../far.sock');
    const far = createServer((stream) => {
      stream.on('error', () => undefined);
      setTimeout(() => stream.destroy(), 200);
      if (mebibytes === 0) stream.resume();
    }).listen(path);
    t.teardown(() => far.close());
    const open = async (): Promise<Socket> => {
      const stream = connect(path).pause();
      await once(stream, 'connect');
      return stream.on('error', () => undefined);
    };
    await t.throwsAsync(pair.source.sync(open, { final: false, mapped: [] }), { code: 'LINK_LOST' });
    await pair.source.abort?.();
    t.deepEqual(pair.around().source, ['far.sock', 'tree']);
  });

test("a tree that cannot be sent is the source's failure", async (t) => {
  const pair = await smallPair(t);
  await pair.target.prepare();
  await pair.round();
  // What the next round is to build upon is gone.
  const [snapshots = ''] = inShelter(pair.tree.source);
  execFileSync('btrfs', ['subvolume', 'delete', join(snapshots, 'r1')], { stdio: 'pipe' });
  const error = await t.throwsAsync(pair.round(), { code: 'FS_SYNC' });
  t.is((error as { details?: { host?: string } }).details?.host, 'source');
});

test('no snapshot is removed before the end, which would make the last round slow', async (t) => {
  const pair = await smallPair(t);
  await pair.target.prepare();
  for (let round = 0; round < 3; round++) await pair.round();
  const [here, there] = [pair.tree.source, pair.tree.target].map((tree) => inShelter(tree)[0] ?? '');
  t.deepEqual(fs.readdirSync(here ?? '').sort(), ['r1', 'r2', 'r3']);
  t.deepEqual(fs.readdirSync(join(there ?? '', 'in')).sort(), ['r1', 'r2', 'r3']);
});

test('a tree goes there and back again', async (t) => {
  const hosts = twoHosts(btrfsDirectory());
  for (const on of [hosts, hosts.toReversed() as [string, string], hosts]) {
    const pair = await btrfsPair(t, { on });
    fs.appendFileSync(join(pair.tree.source, 'log'), 'moved\n');
    t.deepEqual(await pair.target.refusals(false), []);
    await courses['after the last round']?.(pair);
    await pair.source.release(moved);
    await pair.target.finish?.();
  }
  t.is(fs.readFileSync(join(hosts[1], 'tree/log'), 'utf8'), 'moved\n'.repeat(3));
});
