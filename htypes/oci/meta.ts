import * as z from 'zod';
import { isPlainPath } from '../../src/contracts/paths.ts';

const path = z.string().refine(isPlainPath);

/** What the source's half tells the target's. */
export const ociMeta = z.object({
  bundle: path,
  networkNamespace: path.nullable(),
  /** A single file that travels is mounted into the container: a newer one in its place would not be seen there. */
  mountsFiles: z.boolean(),
  /** Its cgroup is a scope of systemd's. */
  systemd: z.boolean().default(false),
  cgroupMounts: z.array(z.object({ controller: z.string(), destination: path })),
});

export type OciMeta = z.infer<typeof ociMeta>;
