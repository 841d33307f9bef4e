import { once } from 'node:events';
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { DriverContext, OpenStream } from '../../src/contracts/context.ts';
import type { FsDriver, FsTree, SourceFs, TargetFs } from '../../src/contracts/fs-driver.ts';
import { areRefusals, contents, distorted, overTheWire, picture, scratch, tellsWhatItIs } from './shared.ts';

/** Both halves on one machine, joined by a socket. What is outside of `home/scratch-*` is the hosts' own. */
interface Stage {
  readonly home: string;
  readonly context: () => DriverContext;
  readonly tree: FsTree;
  readonly source: SourceFs;
  readonly target: TargetFs;
  readonly open: OpenStream;
  readonly abort: () => void;
  /** What is on the target, and what is on both. */
  readonly onTarget: () => string[];
  readonly onBoth: () => string[];
}

/** Where a driver works that needs a file system of its own. */
export interface Ground {
  /** An empty directory for both hosts; the test that asks for it sees to its removal. By default on the machine's own file system. */
  readonly home: (t: ExecutionContext) => string;
  /** Makes the directory that is the source's tree. */
  readonly makeTree: (path: string) => void;
}

async function stage(t: ExecutionContext, driver: FsDriver, ground?: Ground): Promise<Stage> {
  const { home: own, context, aborter } = scratch(t);
  const home = ground?.home(t) ?? own;
  const source = join(home, 'source/deep/tree');
  const place = driver.capabilities.copies ? join(home, 'target/deep/tree') : source;
  const tree = { source, target: place, without: [] };
  mkdirSync(dirname(source), { recursive: true });
  (ground?.makeTree ?? mkdirSync)(source);
  mkdirSync(join(source, 'sub'));
  mkdirSync(join(home, 'target'));
  writeFileSync(join(source, 'file'), 'contents');
  writeFileSync(join(source, 'sub/large'), Buffer.alloc(300_000, 'x'));
  writeFileSync(join(source, 'sub/empty'), '');
  symlinkSync('../file', join(source, 'sub/link'));
  const target = driver.target(overTheWire([tree]), context());
  const path = join(own, 'scratch-1', 'fs.socket');
  const server = createServer({ pauseOnConnect: true }, (stream) => {
    stream.on('error', () => undefined);
    target.serve(stream).catch(() => undefined);
  }).listen(path);
  t.teardown(() => server.close());
  await once(server, 'listening');
  return {
    home,
    context,
    tree,
    target,
    source: driver.source([tree], context()),
    abort: () => aborter.abort(),
    open: async () => {
      const stream = connect(path).pause();
      await once(stream, 'connect');
      stream.on('error', () => undefined);
      return stream;
    },
    onTarget: () => picture(join(home, 'target')),
    onBoth: () => [...picture(join(home, 'source')), ...picture(join(home, 'target'))],
  };
}

const round = { final: false, mapped: [] };

/** What every fs driver must keep. Call it in a test file of the driver's own. */
export function testFsDriver(driver: FsDriver, ground?: Ground): void {
  const { copies } = driver.capabilities;

  test('it says what it is', (t) => tellsWhatItIs(t, driver, 'fs'));

  test('its preflight changes nothing, whatever it finds', async (t) => {
    const s = await stage(t, driver, ground);
    if (!copies) renameSync(s.tree.source, `${s.tree.source}-away`);
    const before = s.onBoth();
    areRefusals(t, await s.source.refusals(), 'source');
    areRefusals(t, await s.target.refusals(false), 'target');
    areRefusals(t, await s.target.refusals(true), 'target');
    t.deepEqual(s.onBoth(), before);
  });

  if (driver.look && driver.suits)
    test('it looks and judges without leaving anything, whatever it is told', async (t) => {
      const s = await stage(t, driver, ground);
      const before = s.onBoth();
      const sight = await driver.look?.(s.tree, s.context());
      for (const seen of [sight?.seen ?? null, ...distorted(sight?.seen ?? null)]) {
        const judge = async (): Promise<unknown> =>
          driver.suits?.(overTheWire(s.tree), overTheWire(seen), s.context());
        const reason = await judge().catch((error: unknown) => (error as { code?: string }).code);
        t.true(reason === null || typeof reason === 'string');
      }
      await sight?.close?.();
      t.deepEqual(s.onBoth(), before);
    });

  if (copies)
    test('it refuses to overwrite what the target has, unless that is allowed', async (t) => {
      const s = await stage(t, driver, ground);
      t.deepEqual(await s.target.refusals(false), []);
      mkdirSync(s.tree.target, { recursive: true });
      writeFileSync(join(s.tree.target, 'precious'), '');
      t.is((await s.target.refusals(false))[0]?.code, 'PATH_TAKEN');
      t.deepEqual(await s.target.refusals(true), []);
    });
  else
    test('it refuses a target that does not see the files', async (t) => {
      const s = await stage(t, driver, ground);
      t.deepEqual(await s.target.refusals(false), []);
      rmSync(s.tree.source, { recursive: true });
      t.is((await s.target.refusals(false))[0]?.code, 'PATH_MISSING');
    });

  test('after the last round nothing differs, whatever changed in between', async (t) => {
    const s = await stage(t, driver, ground);
    await s.target.prepare();
    const first = await s.source.sync(s.open, round);
    t.is(first.bytes > 0, copies);
    t.is(first.changed > 300_000, copies);
    t.true(first.changed <= first.bytes);
    const at = (name: string): string => join(s.tree.source, name);
    writeFileSync(at('file'), 'changed contents');
    rmSync(at('sub/large'));
    writeFileSync(at('new'), 'new');
    chmodSync(at('new'), 0o600);
    await s.source.sync(s.open, round);
    rmSync(at('sub'), { recursive: true });
    writeFileSync(at('sub'), 'a file now');
    await s.source.sync(s.open, { final: true, mapped: [at('file'), at('gone')] });
    t.deepEqual(contents(s.tree.target), contents(s.tree.source));
  });

  test('it never changes the source, not even when the container has left', async (t) => {
    const s = await stage(t, driver, ground);
    const before = picture(s.tree.source);
    await s.target.prepare();
    await s.source.sync(s.open, round);
    await s.source.sync(s.open, { ...round, final: true });
    await s.source.release({ container: 'ct101', target: 'hostb' });
    t.deepEqual(picture(s.tree.source), before);
  });

  const undone = test.macro({
    exec: async (t, course: (s: Stage) => Promise<unknown>) => {
      const s = await stage(t, driver, ground);
      const before = [...s.onTarget(), ...picture(s.tree.source)];
      await course(s);
      await s.target.abort();
      t.deepEqual([...s.onTarget(), ...picture(s.tree.source)], before);
      await t.notThrowsAsync(s.target.abort(), 'and again');
      t.deepEqual([...s.onTarget(), ...picture(s.tree.source)], before);
    },
    title: (when) => `undone ${when}, it leaves nothing on the target`,
  });
  test('before anything', undone, () => Promise.resolve());
  test('after preflight', undone, (s) => s.target.refusals(false));
  test('after prepare', undone, (s) => s.target.prepare());
  test('after a round', undone, async (s) => {
    await s.target.prepare();
    await s.source.sync(s.open, round);
  });
  test('after the last round', undone, async (s) => {
    await s.target.prepare();
    await s.source.sync(s.open, round);
    await s.source.sync(s.open, { ...round, final: true });
  });
  test('in the middle of a round', undone, async (s) => {
    await s.target.prepare();
    const syncing = s.source.sync(s.open, round).catch(() => undefined);
    s.abort();
    await syncing;
  });

  test('a stream that says nothing and ends harms nobody', async (t) => {
    const s = await stage(t, driver, ground);
    const before = s.onTarget();
    await s.target.prepare();
    const stream = await s.open();
    stream.end('\0 nonsense\n');
    // It may be gone already.
    if (!stream.destroyed) await new Promise((resolve) => stream.resume().once('close', resolve));
    await s.target.abort();
    t.deepEqual(s.onTarget(), before);
  });

  for (const climbing of ['relative/tree', '/tmp/../tmp/phaul-climbed', '/tmp/phaul-climbed\0'])
    test(`a tree at ${JSON.stringify(climbing)} is refused or left alone`, async (t) => {
      const { context } = scratch(t);
      const trees = [{ source: '/tmp/phaul-climbed', target: climbing, without: [] }];
      try {
        const target = driver.target(trees, context());
        await target.refusals(true);
        await target.prepare();
        await target.abort();
      } catch (error) {
        t.is((error as { code?: string }).code, 'PROTOCOL_ERROR');
      }
      t.deepEqual(picture('/tmp/phaul-climbed'), []);
      t.deepEqual(picture(join(dirname(climbing), 'phaul-climbed')), []);
    });
}
