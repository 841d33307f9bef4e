import { rsync } from '../../fs-drivers/rsync/rsync.ts';
import { fsDriverChecks } from '../../src/testing/index.ts';
import { examine } from './examine.ts';

examine(fsDriverChecks(rsync));
