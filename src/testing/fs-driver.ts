import assert from 'node:assert/strict';
import { lstatSync, readdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { FsDriver } from '../contracts/fs-driver.ts';
import { wrapFsDriver } from '../contracts/wrap.ts';
import { type Check, check, outcome } from './check.ts';
import { areRefusals, distorted, overTheWire, saysWhatItIs } from './expect.ts';
import { fsRoundsChecks } from './fs-rounds.ts';
import { fsSealedChecks } from './fs-sealed.ts';
import { finalRound, type FsStage, fsStage, type Ground, largest, round } from './fs-stage.ts';
import { fsUndoneChecks } from './fs-undone.ts';
import { picture } from './picture.ts';

/** What every fs driver must keep: the whole examination. */
export function fsDriverChecks(fsDriver: FsDriver, ground?: Ground): Check[] {
  const driver = wrapFsDriver(fsDriver);
  const staged = (name: string, exec: (stage: FsStage) => Promise<void>): Check =>
    check(name, async (scene) => exec(await fsStage(scene, driver, ground)));
  return [
    saysWhatItIs(driver, 'fs'),

    check('a stream that says nothing and ends harms nobody', async (scene) => {
      const { target, open, onTarget } = await fsStage(scene, driver, ground);
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

    staged('its preflight changes nothing, whatever it finds', async ({ tree, source, target, onBoth }) => {
      if (!driver.capabilities.copies) renameSync(tree.source, `${tree.source}-away`);
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

    staged('it takes the room that it says, and not less than is certain', async (stage) => {
      const { tree, source, target, open, onBoth } = stage;
      const before = onBoth();
      const [demand = null, ...others] = (await source.demands?.()) ?? [];
      assert.deepEqual(others, []);
      assert.deepEqual(onBoth(), before);
      if (!demand || !driver.capabilities.copies) return;
      await target.prepare();
      await source.sync(open, round);
      const taken = roomOf(tree.target);
      assert.ok(demand.least <= demand.about && demand.about >= largest, JSON.stringify(demand));
      assert.ok(demand.least <= taken, `${demand.least} of ${taken}`);
    }),

    staged('it never changes the source, not even when the container has left', async (stage) => {
      const { onSource, source, target, open } = stage;
      const before = onSource();
      await target.prepare();
      await source.sync(open, round);
      await source.sync(open, finalRound);
      for (const _ of ['once', 'twice']) await source.release({ container: 'ct101', target: 'hostb' });
      assert.deepEqual(onSource(), before);
    }),

    ...(ground?.sealed ? fsSealedChecks(driver, ground) : fsRoundsChecks(driver, ground)),
    ...fsUndoneChecks(driver, ground),
  ];
}

/** Bytes that a directory takes on disk. */
function roomOf(directory: string): number {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => lstatSync(join(directory, name)).blocks * 512)
    .reduce((all, each) => all + each, 0);
}
