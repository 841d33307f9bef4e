import { realpath } from 'node:fs/promises';
import type { DriverContext, OpenStream } from '../../src/contracts/context.ts';
import type { FsDemand, FsTree, SourceFs, SyncResult, SyncRound } from '../../src/contracts/fs-driver.ts';
import { PhaulError } from '../../src/errors.ts';
import { markLeft } from '../common/left-mark.ts';
import { asRefusals, innerSubvolumes, obstacleHere, toolRefusals } from './fitness.ts';
import { type Sender, startSender } from './send.ts';
import { makeStaging, type Staging } from './staging.ts';
import { told } from './talk.ts';

/** The half that sends. */
export function btrfsSource(trees: readonly FsTree[], ctx: DriverContext): SourceFs {
  const senders = trees.map((tree, index) => treeSender(tree, index, ctx));
  return {
    refusals: async () => {
      const missing = await toolRefusals(ctx, 'source');
      if (missing.length > 0) return missing;
      const obstacles = await Promise.all(trees.map((tree) => obstacleHere(tree, ctx)));
      return obstacles.flatMap((obstacle) => asRefusals(obstacle, 'source'));
    },
    demands: () => Promise.all(trees.map((tree) => demandOf(tree, ctx))),
    sync: async (open, round) => {
      const results = await Promise.allSettled(senders.map((sender) => sender.sync(open, round)));
      const total = { bytes: 0, changed: 0, files: 0 };
      for (const result of results) {
        if (result.status === 'rejected') throw result.reason;
        total.bytes += result.value.bytes;
        total.changed += result.value.changed;
      }
      return total;
    },
    release: async (moved) => {
      for (const sender of senders) await sender.end();
      for (const { source } of trees) await markLeft(source, moved);
    },
    abort: async () => {
      for (const sender of senders) await sender.end();
    },
  };
}

const patienceMs = 10_000;

/** Its file system there may compress, and has as many inodes as anybody wants: nothing is certain. */
async function demandOf({ source }: FsTree, ctx: DriverContext): Promise<FsDemand | null> {
  const args = ['--summarize', '--one-file-system', '--block-size=1', '--', source];
  const { stdout, expired } = await ctx.attempt('du', args, { limitMs: patienceMs });
  const about = Number.parseInt(stdout, 10);
  return expired || Number.isNaN(about) ? null : { least: 0, about, inodes: 0 };
}

interface TreeSender {
  readonly sync: (open: OpenStream, round: SyncRound) => Promise<Pick<SyncResult, 'bytes' | 'changed'>>;
  /** Removes the snapshots. Idempotent. */
  readonly end: () => Promise<void>;
}

function treeSender({ source }: FsTree, tree: number, ctx: DriverContext): TreeSender {
  let staging: Promise<Staging> | null = null;
  let previous: string | null = null;
  let round = 0;
  // After each round both hosts are got ready for the next: the last one is waited for.
  let next: { readonly snapshot: string; readonly sender: Promise<Sender> } | null = null;

  async function getReady(open: OpenStream, real: string): Promise<NonNullable<typeof next>> {
    staging ??= makeStaging(real, ctx);
    const snapshot = (await staging).at(`r${++round}`);
    const sender = open().then((stream) =>
      startSender(stream, { tree, round }, { snapshot, previous }, ctx.signal),
    );
    // Whoever waits for it learns of it.
    sender.catch(() => undefined);
    return { snapshot, sender };
  }

  return {
    sync: async (open, round) => {
      const real = await realpath(source);
      next ??= await getReady(open, real);
      const { snapshot, sender } = next;
      await told('source', ctx.run('btrfs', ['subvolume', 'snapshot', '-r', real, snapshot]));
      const [sent, inner] = await Promise.allSettled([
        sender.then(({ send }) => send(round)),
        // Made since preflight: the snapshot has an empty directory in its place.
        told('source', innerSubvolumes(real, ctx)),
      ]);
      if (sent.status === 'rejected') throw sent.reason;
      if (inner.status === 'rejected') throw inner.reason;
      if (inner.value !== null) throw new PhaulError('FS_SYNC', inner.value, { host: 'source' });
      // The one before is left to the end: btrfs would still be busy removing it when the container stands still.
      previous = snapshot;
      next = round.final ? null : await getReady(open, real);
      return sent.value;
    },
    end: async () => {
      await next?.sender.then((sender) => sender.end()).catch(() => undefined);
      next = null;
      await (await staging?.catch(() => null))?.remove();
      staging = null;
    },
  };
}
