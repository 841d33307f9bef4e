import assert from 'node:assert/strict';
import type { FsDriver } from '../contracts/fs-driver.ts';
import { type Check, check } from './check.ts';
import { finalRound, type FsStage, fsStage, type Ground, round } from './fs-stage.ts';
import { type Act, undoings } from './undoings.ts';

type Step = (stage: FsStage) => Promise<unknown>;

/** What both halves do before the commit, in its order. */
const steps: readonly (readonly [string, Step])[] = [
  ['preflight', async ({ source, target }) => [await source.refusals(), await target.refusals(false)]],
  ['prepare', ({ target }) => target.prepare()],
  ['a round', ({ source, open }) => source.sync(open, round)],
  ['the last round', ({ source, open }) => source.sync(open, finalRound)],
];

const aborted = ({ source, target }: FsStage): Promise<unknown> =>
  Promise.all([source.abort?.(), target.abort()]);

/** Undone before, in the middle of and after each step, and when it fails. */
export function fsUndoneChecks(driver: FsDriver, ground?: Ground): Check[] {
  return steps.flatMap(([name, step], index) => {
    const undone = (when: string, act: Act<FsStage>): Check =>
      check(`undone ${when} ${name} it leaves nothing on the target, once and twice`, async (scene) => {
        const stage = await fsStage(scene, driver, ground);
        const { onSource, onTarget } = stage;
        const all = (): string[] => [...onTarget(), ...onSource()];
        const before = all();
        for (const [, earlier] of steps.slice(0, index)) await earlier(stage);
        await act(scene, stage, () => step(stage));
        for (const times of ['once', 'twice']) {
          await aborted(stage);
          assert.deepEqual(all(), before, times);
        }
      });
    return undoings(undone, aborted);
  });
}
