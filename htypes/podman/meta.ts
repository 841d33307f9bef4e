import * as z from 'zod';
import { isPlainPath } from '../../src/contracts/paths.ts';
import { innerCgroup } from '../common/inner-cgroups.ts';
import { terminal } from '../common/terminals.ts';

const path = z.string().refine(isPlainPath);
const json = z.looseObject({});
/** A word of podman's settings, or a path. */
const runtime = z.string().refine((text) => isPlainPath(text) || /^\w[\w.-]*$/.test(text));

/** What the source's half tells the target's. */
export const podmanMeta = z.object({
  id: z.string().regex(/^[0-9a-f]{64}$/),
  image: z.object({ id: z.string().regex(/^[0-9a-f]{64}$/), name: z.string() }),
  /** podman's version, for instance `5.4.2`. */
  version: z.string(),
  graphRoot: path,
  runRoot: path,
  /** podman's own description of the container, in the form of its `config.dump`. */
  config: json.extend({ runtime }),
  /** The OCI configuration with which its runtime was started. */
  spec: json,
  networkStatus: z.unknown(),
  /** Named volumes that it has mounted. */
  volumes: z.array(
    z.object({ name: z.string().regex(/^[\w][\w.-]*$/), labels: z.record(z.string(), z.string()) }),
  ),
  shmBytes: z.int().positive().nullable(),
  /** The file in which its output is kept, where podman keeps it in one. */
  log: path.nullable(),
  /** podman's own networks in which it is. */
  networks: z.array(z.string().regex(/^\w[\w.-]*$/)),
  /** Its standard files that are pipes to conmon: descriptor and CRIU's name of the pipe. */
  pipes: z.array(
    z.object({
      fd: z.union([z.literal(0), z.literal(1), z.literal(2)]),
      key: z.string().regex(/^pipe:\[\d+\]$/),
    }),
  ),
  /** Its terminal, whose other end conmon has. */
  terminals: z.array(terminal).max(1).default([]),
  /** Its cgroup is a scope of systemd's. */
  systemd: z.boolean().default(false),
  /** Its cgroup of version 2, with those that it has made below it. */
  innerCgroups: z.array(innerCgroup).default([]),
  cgroupMounts: z.array(z.object({ controller: z.string(), destination: path })),
});

export type PodmanMeta = z.infer<typeof podmanMeta>;
