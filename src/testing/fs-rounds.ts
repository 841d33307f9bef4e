import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FsDriver } from '../contracts/fs-driver.ts';
import { type Check, check } from './check.ts';
import { finalRound, type FsStage, fsStage, type Ground, largest, oddNames, round } from './fs-stage.ts';

/** Trees that change from round to round, and places on the target that may be taken. */
export function fsRoundsChecks(driver: FsDriver, ground?: Ground): Check[] {
  const { copies } = driver.capabilities;
  const staged = (name: string, exec: (stage: FsStage) => Promise<void>): Check =>
    check(name, async (scene) => exec(await fsStage(scene, driver, ground)));
  return [
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

    staged('after the last round nothing differs, whatever changed in between', async (stage) => {
      const { tree, source, target, open, arrived } = stage;
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
      arrived();
      await target.finish?.();
      arrived();
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
        stage.arrived();
      }),
    ),
  ];
}
