import assert from 'node:assert/strict';
import type { FsDriver } from '../contracts/fs-driver.ts';
import { type Check, check } from './check.ts';
import { finalRound, fsStage, type Ground, largest, meet, round } from './fs-stage.ts';

/** Trees that never change, and may be on the target already. */
export function fsSealedChecks(driver: FsDriver, ground: Ground): Check[] {
  return [
    check('it arrives whole, odd names and all, in the first round', async (scene) => {
      const { source, target, open, arrived } = await fsStage(scene, driver, ground);
      await target.prepare();
      const first = await source.sync(open, round);
      arrived();
      assert.ok(first.changed > largest && first.changed <= first.bytes, JSON.stringify(first));
      for (const again of [round, finalRound])
        assert.deepEqual(await source.sync(open, again), { bytes: 0, changed: 0, files: 0 });
      await target.finish?.();
      arrived();
    }),

    check('what the target has already is not sent again, nor taken away', async (scene) => {
      const { tree, source, target, open, onTarget } = await fsStage(scene, driver, ground);
      await target.prepare();
      await source.sync(open, round);
      await source.sync(open, finalRound);
      await target.finish?.();
      const before = onTarget();
      const next = await meet(scene, driver, tree);
      assert.deepEqual(await next.target.refusals(false), []);
      await next.target.prepare();
      const { changed } = await next.source.sync(next.open, round);
      assert.equal(changed, 0);
      scene.abort();
      await Promise.all([next.source.abort?.(), next.target.abort()]);
      assert.deepEqual(onTarget(), before);
    }),
  ];
}
