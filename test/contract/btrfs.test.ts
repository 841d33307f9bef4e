import { btrfs } from '../../fs-drivers/btrfs/btrfs.ts';
import { btrfsDirectory, makeSubvolume } from '../fs-drivers/btrfs-disk.ts';
import { fsDriverChecks } from '../../src/testing/index.ts';
import { examine } from './examine.ts';

examine(fsDriverChecks(btrfs, { home: btrfsDirectory, makeTree: makeSubvolume }));
