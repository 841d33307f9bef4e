import { setTimeout as sleep } from 'node:timers/promises';
import type { HostRole } from '../../src/errors.ts';
import { ask, type Fault, type Scene } from './fault.ts';
import type { Step } from './steps.ts';

// Longer than both hosts take to find out (8 s of silence), so that each of them has to act on it.
const cutMs = 10_000;

/** The link matters where a word is about to go over it, or where a host works and the other waits. */
export const speaks = ({ name }: Step): boolean => !/^(takes|hears) /.test(name);

type Way = readonly [from: HostRole, to: HostRole];
const toTarget: Way = ['source', 'target'];
const toSource: Way = ['target', 'source'];
export const bothWays: readonly Way[] = [toTarget, toSource];

export async function cut(scene: Scene, ways: readonly Way[]): Promise<void> {
  for (const [from, to] of ways) await scene.lab.block(scene[from].name, scene[to].name);
}

/** The link between the two hosts loses what goes over it; the client on the third still reaches both. */
const linkFault = (name: string, ways: readonly Way[], suits: Fault['suits']): Fault => ({
  name,
  kind: 'link',
  suits: (step, course) => speaks(step) && suits(step, course),
  strike: ask,
  deed: (scene) => cut(scene, ways),
  mend: async ({ lab }) => {
    await sleep(cutMs);
    await lab.unblock();
    return [];
  },
});

export const linkFaults: readonly Fault[] = [
  linkFault('the link is cut for 10 s', bothWays, () => true),
  // The next word of the host that cannot be heard is the first to be lost.
  linkFault('nothing reaches the target for 10 s', [toTarget], ({ host }) => host === 'source'),
  linkFault('nothing reaches the source for 10 s', [toSource], ({ host }) => host === 'target'),
];
