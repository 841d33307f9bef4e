import { setTimeout as sleep } from 'node:timers/promises';
import { ask, type Fault, type Scene } from './fault.ts';
import type { Step } from './steps.ts';

// Longer than both hosts take to find out (8 s of silence), so that each of them has to act on it.
const cutMs = 10_000;

/** A link matters where a word is about to go over it, or where a host waits for one while it works. */
export const speaks = ({ name }: Step): boolean => !/^(takes|hears) /.test(name);

const directions: Readonly<Record<string, readonly (readonly ['source' | 'target', 'source' | 'target'])[]>> =
  {
    'the link is cut for 10 s': [
      ['source', 'target'],
      ['target', 'source'],
    ],
    'nothing reaches the target for 10 s': [['source', 'target']],
    'nothing reaches the source for 10 s': [['target', 'source']],
  };

export async function cut(
  scene: Scene,
  ways: readonly (readonly ['source' | 'target', 'source' | 'target'])[],
): Promise<void> {
  for (const [from, to] of ways) await scene.lab.block(scene[from].name, scene[to].name);
}

/** The link between the two hosts loses what goes over it; the client on the third still reaches both. */
export const linkFaults: readonly Fault[] = Object.entries(directions).map(([name, ways]) => ({
  name,
  suits: speaks,
  strike: ask,
  deed: (scene) => cut(scene, ways),
  mend: async ({ lab }) => {
    await sleep(cutMs);
    await lab.unblock();
    return [];
  },
}));
