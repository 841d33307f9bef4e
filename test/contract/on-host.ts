import type { HType } from '../../src/contracts/htype.ts';
import { htypeChecks, type Kennel, type Scene } from '../../src/testing/index.ts';

/** A kennel for more than one check. */
export interface Lodging extends Omit<Kennel, 'restored'> {
  /** A pid for each check. */
  readonly restored: (scene: Scene) => number;
  /** Removes what the target's half has made and nobody wants. */
  readonly tidy: () => void;
  /** Ends and removes the container. */
  readonly remove: () => void;
}

/**
 * Examines an htype on the host that this runs on. Prints what failed, and on the last line how many checks there were.
 * To start and to end a container takes longer than most checks: one that still runs after a check serves the next as well.
 */
export async function examineOnHost(htype: HType, start: () => Lodging): Promise<void> {
  let lodging: Lodging | null = null;
  const checks = htypeChecks(htype, (scene) => {
    if (lodging?.runs() === false) {
      lodging.remove();
      lodging = null;
    }
    lodging ??= start();
    scene.after(lodging.tidy);
    return { ...lodging, restored: lodging.restored(scene) };
  });
  for (const { name, run } of checks)
    await run().catch((error: unknown) => {
      console.log(`${name}: ${String(error)}`);
    });
  (lodging as Lodging | null)?.remove();
  console.log(`${checks.length} checks`);
}
