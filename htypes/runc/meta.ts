import { z } from 'zod';

/** What the source's half tells the target's. */
export const runcMeta = z.object({
  bundle: z.string().startsWith('/'),
  networkNamespace: z.string().startsWith('/').nullable(),
  cgroupMounts: z.array(z.object({ controller: z.string(), destination: z.string().startsWith('/') })),
});

export type RuncMeta = z.infer<typeof runcMeta>;
