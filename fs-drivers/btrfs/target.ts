import { lstat, readdir } from 'node:fs/promises';
import type { Socket } from 'node:net';
import * as z from 'zod';
import type { DriverContext } from '../../src/contracts/context.ts';
import type { FsTree, TargetFs } from '../../src/contracts/fs-driver.ts';
import { asPhaulError, PhaulError, type Refusal } from '../../src/errors.ts';
import { forgetLeft, wasLeft } from '../rsync/left-mark.ts';
import { asRefusals, obstacleThere, toolRefusals } from './fitness.ts';
import { answer, takeHeader } from './receive.ts';
import { type Slot, treeSlot } from './slot.ts';

/** The half that receives. */
export function btrfsTarget(unchecked: readonly FsTree[], ctx: DriverContext): TargetFs {
  const trees = checkedTrees(unchecked);
  const stop = new AbortController();
  const signal = AbortSignal.any([ctx.signal, stop.signal]);
  const slots: Slot[] = [];
  const running = new Set<Promise<void>>();
  return {
    refusals: async (force) => {
      const obstacles = await Promise.all(trees.map(obstacleThere));
      return [
        ...(await toolRefusals(ctx, 'target')),
        ...obstacles.flatMap((obstacle) => asRefusals(obstacle, 'target')),
        ...(force ? [] : (await Promise.all(trees.map(taken))).flat()),
      ];
    },
    prepare: async () => {
      for (const { target } of trees) slots.push(await treeSlot(target, ctx));
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
      for (let slot = slots.pop(); slot; slot = slots.pop()) await slot.undo();
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

async function taken({ target }: FsTree): Promise<Refusal[]> {
  const found = await lstat(target).catch(() => null);
  if (!found || (await wasLeft(target))) return [];
  const names = await readdir(target).catch(() => ['not a directory']);
  if (names.length === 0) return [];
  const message = `${target} on the target has contents already.`;
  const hint = 'Move it away, or let phaul overwrite it with --force.';
  return [{ code: 'PATH_TAKEN', message, hint, host: 'target' }];
}

const absolute = z.string().refine((path) => {
  const parts = path.split('/').slice(1);
  return (
    path.startsWith('/') && !path.includes('\0') && parts.every((part) => !['', '.', '..'].includes(part))
  );
});
const treesSchema = z.array(
  z.object({ source: z.string(), target: absolute, without: z.array(z.string()).default([]) }),
);

function checkedTrees(trees: readonly FsTree[]): FsTree[] {
  const checked = treesSchema.safeParse(trees);
  if (checked.success) return checked.data;
  throw new PhaulError('PROTOCOL_ERROR', 'A tree that the source named is not a plain absolute path.');
}
