import * as z from 'zod';
import { isPlainPath } from '../../src/contracts/paths.ts';
import { innerCgroup } from '../common/inner-cgroups.ts';

const path = z.string().refine(isPlainPath);

/** What the source's half tells the target's. */
export const ociMeta = z.object({
  bundle: path,
  networkNamespace: path.nullable(),
  /** A single file that travels is mounted into the container: a newer one in its place would not be seen there. */
  mountsFiles: z.boolean(),
  /** Its cgroup is a scope of systemd's. */
  systemd: z.boolean().default(false),
  /** Its cgroup of version 2, with those that it has made below it. */
  innerCgroups: z.array(innerCgroup).default([]),
  cgroupMounts: z.array(z.object({ controller: z.string(), destination: path })),
});

export type OciMeta = z.infer<typeof ociMeta>;
