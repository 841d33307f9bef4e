import type { HType } from '../src/contracts/htype.ts';
import { ociHType } from './oci/driver.ts';
import { runcRuntime } from './oci/runc.ts';

/** Containers of runc, the OCI reference runtime, used directly. */
export const runc: HType = ociHType(runcRuntime, "OCI containers of runc, found through runc's own state");
