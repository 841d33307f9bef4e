import type { FsDriver } from '../../src/contracts/fs-driver.ts';
import { hasTool, obstacleHere, obstacleThere } from './fitness.ts';
import { btrfsSource } from './source.ts';
import { btrfsTarget } from './target.ts';

/**
 * Sends snapshots of btrfs subvolumes: the first whole, each later one as the difference to the one before. What is received becomes a
 * subvolume beside the tree on the target, and takes its place in one step.
 * Not carried over: inode flags (chattr), creation times, what two trees share on disk, and quotas.
 */
export const btrfs: FsDriver = {
  kind: 'fs',
  name: 'btrfs',
  apiVersion: 1,
  description: 'Sends snapshots of btrfs subvolumes, and only what has changed between them',
  capabilities: { copies: true, replaces: true },
  programs: [['btrfs', '--version']],
  look: async (tree, ctx) => {
    // Without its program nothing can be said of a subvolume.
    if (!(await hasTool(ctx)) || (await obstacleHere(tree, ctx)) !== null) return null;
    return { seen: 'subvolume' };
  },
  suits: async (tree, seen, ctx) => {
    if (seen !== 'subvolume' || !(await hasTool(ctx)) || (await obstacleThere(tree)) !== null) return null;
    return 'it is a btrfs subvolume, and can be one there';
  },
  source: btrfsSource,
  target: btrfsTarget,
};
