import type { HType } from '../src/contracts/htype.ts';
import { crunRuntime } from './oci/crun.ts';
import { ociHType } from './oci/driver.ts';

/** Containers of crun, used directly. */
export const crun: HType = ociHType(crunRuntime, "OCI containers of crun, found through crun's own state");
