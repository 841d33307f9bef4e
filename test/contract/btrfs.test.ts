import { btrfs } from '../../fs-drivers/btrfs/btrfs.ts';
import { btrfsDirectory, makeSubvolume } from '../fs-drivers/btrfs-disk.ts';
import { testFsDriver } from './fs-driver.ts';

testFsDriver(btrfs, { home: btrfsDirectory, makeTree: makeSubvolume });
