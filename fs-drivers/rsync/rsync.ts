import type { FsDriver } from '../../src/contracts/fs-driver.ts';
import { rsyncSource } from './source.ts';
import { rsyncTarget } from './target.ts';

/**
 * Copies the trees with rsync: the client on the source, a daemon on the target that is confined to the tree by chroot.
 * Not carried over: access times, inode flags (chattr), and the breaking of a hard link into two files of equal size and mtime.
 */
export const rsync: FsDriver = {
  kind: 'fs',
  name: 'rsync',
  apiVersion: 1,
  description: 'Copies files with rsync, while the container runs and once more while it stands still',
  capabilities: { copies: true, replaces: false },
  programs: [['rsync', '--version']],
  source: (trees, ctx) => rsyncSource(trees, ctx),
  target: rsyncTarget,
};
