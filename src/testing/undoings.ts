import { type Check, outcome, type Scene } from './check.ts';

/** What is done with a step, before the half is undone. */
export type Act<Half> = (scene: Scene, half: Half, step: () => Promise<unknown>) => Promise<unknown>;

/**
 * A migration is undone before, in the middle of and after a step, and when that fails.
 * @param undone makes the check of one of these
 * @param abort undoes the half
 */
export function undoings<Half>(
  undone: (when: string, act: Act<Half>) => Check,
  abort: (half: Half) => Promise<unknown>,
): Check[] {
  return [
    undone('before', (scene) => Promise.resolve(scene.abort())),
    undone('in the middle of', async (scene, half, step) => {
      const done = outcome(step());
      scene.abort();
      await abort(half);
      await done;
    }),
    undone('after', async (scene, _, step) => {
      await step();
      scene.abort();
    }),
    undone('after a failure of', async (scene, _, step) => {
      await scene.whileProgramsFail(step);
      scene.abort();
    }),
  ];
}
