import { shared } from '../../fs-drivers/shared.ts';
import { testFsDriver } from './fs-driver.ts';

testFsDriver(shared);
