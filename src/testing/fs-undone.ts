import assert from 'node:assert/strict';
import type { FsDriver } from '../contracts/fs-driver.ts';
import { type Check, check, outcome, type Scene } from './check.ts';
import { finalRound, type FsStage, fsStage, type Ground, round } from './fs-stage.ts';
import { picture } from './picture.ts';

type Step = (stage: FsStage) => Promise<unknown>;

/** What both halves do before the commit, in its order. */
const steps: readonly (readonly [string, Step])[] = [
  ['preflight', async ({ source, target }) => [await source.refusals(), await target.refusals(false)]],
  ['prepare', ({ target }) => target.prepare()],
  ['a round', ({ source, open }) => source.sync(open, round)],
  ['the last round', ({ source, open }) => source.sync(open, finalRound)],
];

/** Undone before, in the middle of and after each step, and when it fails. */
export function fsUndoneChecks(driver: FsDriver, ground?: Ground): Check[] {
  return steps.flatMap(([name, step], index) => {
    const undone = (when: string, act: (scene: Scene, stage: FsStage) => Promise<void>): Check =>
      check(`undone ${when} ${name} it leaves nothing on the target, once and twice`, async (scene) => {
        const stage = await fsStage(scene, driver, ground);
        const { source, target, tree, onTarget } = stage;
        const all = (): string[] => [...onTarget(), ...picture(tree.source)];
        const before = all();
        for (const [, earlier] of steps.slice(0, index)) await earlier(stage);
        await act(scene, stage);
        for (const times of ['once', 'twice']) {
          await Promise.all([source.abort?.(), target.abort()]);
          assert.deepEqual(all(), before, times);
        }
      });
    return [
      undone('before', (scene) => Promise.resolve(scene.abort())),
      undone('in the middle of', async (scene, stage) => {
        const done = outcome(step(stage));
        scene.abort();
        await Promise.all([stage.source.abort?.(), stage.target.abort()]);
        await done;
      }),
      undone('after', async (scene, stage) => {
        await step(stage);
        scene.abort();
      }),
      undone('after a failure of', async (scene, stage) => {
        await scene.whileProgramsFail(() => step(stage));
        scene.abort();
      }),
    ];
  });
}
