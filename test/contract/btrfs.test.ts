import { btrfs } from '../../fs-drivers/btrfs/btrfs.ts';
import { btrfsDisk, makeSubvolume } from '../fs-drivers/btrfs-disk.ts';
import { testFsDriver } from './fs-driver.ts';

testFsDriver(btrfs, { home: (t) => btrfsDisk(t), makeTree: makeSubvolume });
