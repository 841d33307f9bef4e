import * as z from 'zod';
import { isPlainPath } from '../../src/contracts/paths.ts';
import { innerCgroup } from '../common/inner-cgroups.ts';
import { terminal } from '../common/terminals.ts';

const path = z.string().refine(isPlainPath);
const word = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/);
const longestConfig = 256 * 1024;

/** What the source's half tells the target's. */
export const lxcMeta = z.object({
  /** Where LXC keeps its containers. */
  lxcPath: path,
  /** The configuration, as it is to be on the target. */
  config: z.string().max(longestConfig),
  rootfs: path,
  networkNamespace: z
    .string()
    .regex(/^\/run\/netns\/[A-Za-z0-9_][A-Za-z0-9_.+-]*$/)
    .nullable(),
  /** The names of its links on the host, by the number of the network in the configuration. */
  links: z.array(z.object({ net: z.int().min(0), name: word.max(15) })),
  /** Mounts that come from outside: where in the container, and from where on the host. */
  mounts: z.array(z.object({ at: path, from: path })),
  /** Terminals whose other ends LXC's monitor has. */
  terminals: z.array(terminal).default([]),
  /** What the configuration limits, with the values that count now: `memory.max`. */
  limits: z.array(z.object({ file: word, value: z.string().regex(/^[^\0]*$/) })),
  /** Its cgroup of version 2, with those that it has made below it. */
  innerCgroups: z.array(innerCgroup).default([]),
  /** Which devices it may use, in the words of `lxc-cgroup`, in order. */
  devices: z.array(
    z.object({ file: z.enum(['devices.allow', 'devices.deny']), value: z.string().regex(/^[a-z0-9*: ]+$/) }),
  ),
  /** The AppArmor profile that its first process runs under; null: none. */
  apparmor: z.string().nullable(),
});

export type LxcMeta = z.infer<typeof lxcMeta>;
