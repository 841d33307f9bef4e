import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { DriverContext } from '../../src/contracts/context.ts';
import type { FsTree, SourceFs } from '../../src/contracts/fs-driver.ts';
import type { Refusal } from '../../src/errors.ts';
import type { TrackChanges } from './changes.ts';
import { changesByCtime } from './changes-by-ctime.ts';
import { demandOf } from './demand.ts';
import { markLeft } from '../common/left-mark.ts';
import { sumOf, treeSender } from './sender.ts';
import { findRefusals, rsyncRefusals } from './version.ts';

/** The half that sends. */
export function rsyncSource(
  trees: readonly FsTree[],
  ctx: DriverContext,
  track: TrackChanges = changesByCtime,
): SourceFs {
  const senders = trees.map((tree, index) => treeSender(tree, index, ctx, track));
  const end = async (): Promise<void> => void (await Promise.all(senders.map((sender) => sender.end())));
  return {
    refusals: async () => [
      ...(await rsyncRefusals(ctx, 'source')),
      ...(await findRefusals(ctx)),
      ...(await Promise.all(trees.map(renamed))).flat(),
    ],
    demands: () => Promise.all(trees.map((tree) => demandOf(tree, ctx.signal))),
    sync: async (open, round) => {
      const results = await Promise.allSettled(senders.map((sender) => sender.sync(open, round)));
      for (const result of results) if (result.status === 'rejected') throw result.reason;
      return sumOf(results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])));
    },
    release: async (moved) => {
      await end();
      for (const { source } of trees) await markLeft(source, moved);
    },
    abort: end,
  };
}

async function renamed({ source, target }: FsTree): Promise<Refusal[]> {
  if (basename(source) === basename(target) || (await stat(source)).isDirectory()) return [];
  const message = `${source} is a file, and the rsync driver cannot give it another name (${target}).`;
  return [{ code: 'CONTAINER_UNSUPPORTED', message, hint: 'Keep its name.', host: 'source' }];
}
