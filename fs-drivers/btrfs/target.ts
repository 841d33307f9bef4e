import type { Socket } from 'node:net';
import type { DriverContext } from '../../src/contracts/context.ts';
import type { FsTree, TargetFs } from '../../src/contracts/fs-driver.ts';
import { asPhaulError, PhaulError } from '../../src/errors.ts';
import { forgetLeft } from '../common/left-mark.ts';
import { checkedTrees, takenPlaces } from '../common/trees.ts';
import { asRefusals, obstacleThere, toolRefusals } from './fitness.ts';
import { answer, takeHeader } from './receive.ts';
import { type Slot, treeSlot } from './slot.ts';
import { makeStaging, type Staging } from './staging.ts';

/** The half that receives. */
export function btrfsTarget(unchecked: readonly FsTree[], ctx: DriverContext): TargetFs {
  const trees = checkedTrees(unchecked);
  const stop = new AbortController();
  const signal = AbortSignal.any([ctx.signal, stop.signal]);
  const stagings: Staging[] = [];
  const slots: Slot[] = [];
  const running = new Set<Promise<void>>();
  return {
    refusals: async (force) => {
      const obstacles = await Promise.all(trees.map(obstacleThere));
      return [
        ...(await toolRefusals(ctx, 'target')),
        ...obstacles.flatMap((obstacle) => asRefusals(obstacle, 'target')),
        ...(force ? [] : await takenPlaces(trees)),
      ];
    },
    prepare: async () => {
      for (const { target } of trees) {
        const staging = await makeStaging(target, ctx);
        stagings.push(staging);
        slots.push(await treeSlot(target, staging, ctx));
      }
    },
    serve: async (stream) => {
      const serving = serve(stream, slots, signal);
      running.add(serving);
      await serving.finally(() => running.delete(serving));
    },
    finish: async () => {
      for (const slot of slots) await slot.finish();
      for (const { target } of trees) await forgetLeft(target);
    },
    abort: async () => {
      stop.abort();
      // Nothing may write any more, or what is removed comes back.
      await Promise.allSettled(running);
      for (let last = stagings.at(-1); last; last = stagings.at(-1)) {
        await last.undo();
        stagings.pop();
      }
    },
  };
}

async function serve(stream: Socket, slots: readonly Slot[], signal: AbortSignal): Promise<void> {
  try {
    const failure = await take(stream, slots, signal).then(
      () => null,
      (error: unknown) => asPhaulError(error, 'FS_SYNC'),
    );
    if (!signal.aborted) await answer(stream, failure, signal);
    if (failure) throw failure;
  } finally {
    stream.destroy();
  }
}

async function take(stream: Socket, slots: readonly Slot[], signal: AbortSignal): Promise<void> {
  const header = await takeHeader(stream, signal);
  const slot = slots[header.tree];
  if (!slot) throw new PhaulError('PROTOCOL_ERROR', 'A stream of files is for no known tree.');
  await slot.take(stream, header, signal);
}
