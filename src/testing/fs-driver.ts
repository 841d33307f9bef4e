import assert from 'node:assert/strict';
import { chmodSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { FsDriver } from '../contracts/fs-driver.ts';
import { wrapFsDriver } from '../contracts/wrap.ts';
import { type Check, check, outcome } from './check.ts';
import { areRefusals, distorted, overTheWire, saysWhatItIs } from './expect.ts';
import { finalRound, type FsStage, fsStage, type Ground, largest, round } from './fs-stage.ts';
import { fsUndoneChecks } from './fs-undone.ts';
import { contents, picture } from './picture.ts';

/** Names that are patterns, options or commands to somebody, or no text at all. */
const oddNames = ['-rf', ' a b ', '*?[c]{d}', '#;$(id)`id`', `'"\\`, 'ü\n\t', '.phaul', 'x'.repeat(255)];

/** What every fs driver must keep: the whole examination. */
export function fsDriverChecks(fsDriver: FsDriver, ground?: Ground): Check[] {
  const driver = wrapFsDriver(fsDriver);
  const { copies } = driver.capabilities;
  const staged = (name: string, exec: (stage: FsStage) => Promise<void>): Check =>
    check(name, async (scene) => exec(await fsStage(scene, driver, ground)));
  return [
    ...fsDriverChecksAlone(fsDriver, ground),

    staged('its preflight changes nothing, whatever it finds', async ({ tree, source, target, onBoth }) => {
      if (!copies) renameSync(tree.source, `${tree.source}-away`);
      const before = onBoth();
      areRefusals(await source.refusals(), 'source');
      areRefusals(await target.refusals(false), 'target');
      areRefusals(await target.refusals(true), 'target');
      assert.deepEqual(onBoth(), before);
    }),

    staged('it looks and judges without leaving anything, whatever it is told', async (stage) => {
      const { tree, context, onBoth } = stage;
      const { look, suits } = driver;
      assert.equal(look === undefined, suits === undefined, 'look and suits go together');
      if (!look || !suits) return;
      const before = onBoth();
      const sight = await look(tree, context());
      for (const seen of [sight?.seen ?? null, ...distorted(sight?.seen ?? null)]) {
        const reason = await outcome(suits(overTheWire(tree), overTheWire(seen), context()));
        const said = reason instanceof Error ? (reason as { code?: unknown }).code : reason;
        assert.ok(said === null || typeof said === 'string');
      }
      await sight?.close?.();
      assert.deepEqual(onBoth(), before);
    }),

    copies
      ? staged('it refuses to overwrite what the target has, unless that is allowed', async (stage) => {
          const { tree, target } = stage;
          assert.deepEqual(await target.refusals(false), []);
          mkdirSync(tree.target, { recursive: true });
          writeFileSync(join(tree.target, 'precious'), '');
          assert.equal((await target.refusals(false))[0]?.code, 'PATH_TAKEN');
          assert.deepEqual(await target.refusals(true), []);
        })
      : staged('it refuses a target that does not see the files', async ({ tree, target }) => {
          assert.deepEqual(await target.refusals(false), []);
          rmSync(tree.source, { recursive: true });
          assert.equal((await target.refusals(false))[0]?.code, 'PATH_MISSING');
        }),

    staged('it takes the room that it says, and not less than is certain', async (stage) => {
      const { tree, source, target, open, onBoth } = stage;
      const before = onBoth();
      const [demand = null, ...others] = (await source.demands?.()) ?? [];
      assert.deepEqual(others, []);
      assert.deepEqual(onBoth(), before);
      if (!demand || !copies) return;
      await target.prepare();
      await source.sync(open, round);
      const taken = roomOf(tree.target);
      assert.ok(demand.least <= demand.about && demand.about >= largest, JSON.stringify(demand));
      assert.ok(demand.least <= taken, `${demand.least} of ${taken}`);
    }),

    staged('after the last round nothing differs, whatever changed in between', async (stage) => {
      const { tree, source, target, open } = stage;
      await target.prepare();
      const first = await source.sync(open, round);
      assert.equal(first.bytes > 0, copies);
      assert.equal(first.changed > largest, copies);
      assert.ok(first.changed <= first.bytes);
      const at = (name: string): string => join(tree.source, name);
      writeFileSync(at('file'), 'changed contents');
      rmSync(at('sub/large'));
      writeFileSync(at('new'), 'new');
      chmodSync(at('new'), 0o600);
      await source.sync(open, round);
      rmSync(at('sub'), { recursive: true });
      writeFileSync(at('sub'), 'a file now');
      await source.sync(open, { final: true, mapped: [at('file'), at('gone')] });
      assert.deepEqual(contents(tree.target), contents(tree.source));
      await target.finish?.();
      assert.deepEqual(contents(tree.target), contents(tree.source));
    }),

    ...oddNames.map((name) =>
      check(`a tree called ${JSON.stringify(name)}, and such names in it, arrive`, async (scene) => {
        // What a driver keeps beside the tree is named after it, and must have room.
        const stage = await fsStage(scene, driver, ground, name.slice(0, 200));
        for (const odd of oddNames) writeFileSync(join(stage.tree.source, odd), odd);
        await stage.target.prepare();
        await stage.source.sync(stage.open, round);
        rmSync(join(stage.tree.source, name));
        await stage.source.sync(stage.open, finalRound);
        assert.deepEqual(contents(stage.tree.target), contents(stage.tree.source));
      }),
    ),

    staged('it never changes the source, not even when the container has left', async (stage) => {
      const { tree, source, target, open } = stage;
      const before = picture(tree.source);
      await target.prepare();
      await source.sync(open, round);
      await source.sync(open, finalRound);
      for (const _ of ['once', 'twice']) await source.release({ container: 'ct101', target: 'hostb' });
      assert.deepEqual(picture(tree.source), before);
    }),

    ...fsUndoneChecks(driver, ground),
  ];
}

/**
 * What needs no files to be copied: all that can be asked of a driver whose trees are no directories to anybody else.
 * @param name of a tree that it would take
 */
export function fsDriverChecksAlone(fsDriver: FsDriver, ground?: Ground, name?: string): Check[] {
  const driver = wrapFsDriver(fsDriver);
  return [
    saysWhatItIs(driver, 'fs'),

    check('a stream that says nothing and ends harms nobody', async (scene) => {
      const { target, open, onTarget } = await fsStage(scene, driver, ground, name);
      const before = onTarget();
      await target.prepare();
      const stream = await open();
      stream.end('\0 nonsense\n');
      // It may be gone already.
      if (!stream.destroyed) await new Promise((resolve) => stream.resume().once('close', resolve));
      await target.abort();
      assert.deepEqual(onTarget(), before);
    }),

    ...['relative/tree', '/tmp/../tmp/phaul-climbed', '/tmp/phaul-climbed\0'].map((climbing) =>
      check(`a tree at ${JSON.stringify(climbing)} is refused or left alone`, async (scene) => {
        const trees = [{ source: '/tmp/phaul-climbed', target: climbing, without: [] }];
        try {
          const target = driver.target(trees, scene.context());
          await target.refusals(true);
          await target.prepare();
          await target.abort();
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'PROTOCOL_ERROR');
        }
        assert.deepEqual(picture('/tmp/phaul-climbed'), []);
        if (!climbing.includes('\0')) assert.deepEqual(picture(join(dirname(climbing), 'phaul-climbed')), []);
      }),
    ),
  ];
}

/** Bytes that a directory takes on disk. */
function roomOf(directory: string): number {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => lstatSync(join(directory, name)).blocks * 512)
    .reduce((all, each) => all + each, 0);
}
