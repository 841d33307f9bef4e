import { rsync } from '../../fs-drivers/rsync/rsync.ts';
import { testFsDriver } from './fs-driver.ts';

testFsDriver(rsync);
