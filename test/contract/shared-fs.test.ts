import { shared } from '../../fs-drivers/shared.ts';
import { fsDriverChecks } from '../../src/testing/index.ts';
import { examine } from './examine.ts';

examine(fsDriverChecks(shared));
